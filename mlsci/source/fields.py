"""The constructor that `@dataclass` writes, from the fields of a class and its bases."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mlsci.source.lookup import Definition, origin
from mlsci.source.parameters import Kind, Parameter

# Decorators that write a constructor which is not read here.
FOREIGN = ("attr.", "attrs.", "pydantic.", "pydantic_core.")


def writes_init(definition: Definition) -> bool | None:
    """Whether a decorator writes the constructor of this class: True for dataclass, None if untold."""
    verdict: bool | None = False
    for decorator in definition.node.decorator_list:
        name = origin(definition.module, decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name == "dataclasses.dataclass":
            verdict = _option(decorator, "init", otherwise=True)
        elif name.startswith(FOREIGN) or name.rpartition(".")[2] in {
            "dataclass",
            "define",
            "frozen",
            "struct",
        }:
            return None
    return verdict


def is_dataclass(definition: Definition) -> bool:
    """Whether the class itself is decorated by the standard `dataclass`."""
    return _decorator(definition) is not None


def init_parameters(classes: Sequence[Definition]) -> dict[str, Parameter]:
    """The parameters of the constructor written for ``classes[0]``, whose bases follow in their order."""
    found: dict[str, Parameter | None] = {}
    for definition in reversed(classes):
        if is_dataclass(definition):
            found.update(_own(definition))
    kept = [parameter for parameter in found.values() if parameter is not None]
    ordered = sorted(kept, key=lambda parameter: parameter.kind == "keyword")
    return {parameter.name: parameter for parameter in ordered}


def _decorator(definition: Definition) -> ast.expr | None:
    for decorator in definition.node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if origin(definition.module, function) == "dataclasses.dataclass":
            return decorator
    return None


def _own(definition: Definition) -> Iterator[tuple[str, Parameter | None]]:
    """The fields that one class adds or changes; None for one that the constructor does not take."""
    keyword_only = _option(_decorator(definition), "kw_only", otherwise=False)
    for node in definition.node.body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        name, annotation = node.target.id, _unquoted(node.annotation)
        kind = origin(definition.module, annotation.value if isinstance(annotation, ast.Subscript) else annotation)
        if kind == "dataclasses.KW_ONLY":
            keyword_only = True
        elif kind.rpartition(".")[2] != "ClassVar":
            if kind.endswith(".InitVar"):
                annotation = annotation.slice if isinstance(annotation, ast.Subscript) else annotation
            yield name, _field(definition, name, annotation, node.value, keyword_only=keyword_only)


def _field(
    definition: Definition, name: str, annotation: ast.expr, value: ast.expr | None, *, keyword_only: bool
) -> Parameter | None:
    default = value
    if isinstance(value, ast.Call) and origin(definition.module, value.func) == "dataclasses.field":
        if not _option(value, "init", otherwise=True):
            return None
        keyword_only = _option(value, "kw_only", otherwise=keyword_only)
        given = {word.arg: word.value for word in value.keywords}
        default = given.get("default", given.get("default_factory"))
    kind: Kind = "keyword" if keyword_only else "positional"
    return Parameter(name, annotation, default, default is None, kind, definition.module.name)


def _option(call: ast.expr | None, name: str, *, otherwise: bool) -> bool:
    """A flag of a decorator or `field` call."""
    for word in call.keywords if isinstance(call, ast.Call) else []:
        if word.arg == name and isinstance(word.value, ast.Constant):
            return bool(word.value.value)
    return otherwise


def _unquoted(annotation: ast.expr) -> ast.expr:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return annotation
    return annotation
