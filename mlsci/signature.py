"""The constructor signature of a dotted target, read from its source without importing the package."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlsci.nearest import nearest
from mlsci.source.fields import init_parameters, writes_init
from mlsci.source.lookup import Definition, Found, Unknown, body, home, in_class, mro, origin, stands_for
from mlsci.source.modules import Module
from mlsci.source.parameters import Parameter, parameters
from mlsci.source.target import NoSuchTarget, names, resolve

__all__ = ["NoSuchTarget", "Parameter", "Place", "Signature", "places", "read"]

# Decorators that leave the arguments of a function as they are, by the last part of their name.
TRANSPARENT = frozenset(
    [
        "abstractmethod",
        "cache",
        "classmethod",
        "compatibility",
        "contextmanager",
        "deprecated",
        "enable_grad",
        "export",
        "final",
        "ignore",
        "inference_mode",
        "lru_cache",
        "no_grad",
        "no_type_check",
        "overload",
        "override",
        "staticmethod",
        "type_check_only",
        "unused",
    ]
)
PLAIN_METACLASSES = frozenset({"abc.ABCMeta", "builtins.type"})


@dataclass(frozen=True)
class Signature:
    """What a target takes: its named parameters, and whether it is `open` to any other name (``**kwargs``).

    `varargs` says that it takes any number of positional arguments; `module`, `path` and `line` say where the
    class or function is really defined.
    """

    name: str
    parameters: dict[str, Parameter]
    open: bool
    varargs: bool
    is_class: bool
    module: str
    path: str
    line: int


@dataclass(frozen=True)
class Place:
    """The full name under which something is really defined."""

    name: str
    is_function: bool


def read(target: str) -> Signature | None:
    """Read the signature of a dotted target; None where source does not tell it (a C extension, say).

    Raises:
        NoSuchTarget: the target certainly does not exist; the message has the nearest name.
    """
    found = resolve(target)
    modules = [thing for thing in found if isinstance(thing, Module)]
    if len(modules) == len(found):
        held = {name for module in modules for name in names(module) - module.children()}
        near = nearest(target.rpartition(".")[2], {name for name in held if not name.startswith("_")})
        raise NoSuchTarget(f"{target}: is a module, not a class or function{near}")
    signatures = [_of(thing) for thing in found]
    known = [signature for signature in signatures if signature is not None]
    if len(known) < len(signatures) or len({signature.module.partition(".")[0] for signature in known}) != 1:
        return None
    return _either(known)


def places(target: str) -> list[Place]:
    """Where `target` is really defined, as far as source tells; several where the text leaves a choice.

    Raises:
        NoSuchTarget: as `read`.
    """
    return [Place(home(thing), _is_function(thing)) for thing in resolve(target)]


def _is_function(thing: Found) -> bool:
    return isinstance(thing, Definition) and not isinstance(thing.node, ast.ClassDef)


def _of(thing: Found) -> Signature | None:
    if not isinstance(thing, Definition):
        return None
    if not isinstance(thing.node, ast.ClassDef):
        return _function(thing)
    taken = _constructor(thing)
    if taken is None:
        return None
    where = thing.node
    return replace(
        taken,
        name=where.name,
        is_class=True,
        module=thing.module.name,
        path=thing.module.path,
        line=where.lineno,
    )


def _constructor(definition: Definition) -> Signature | None:
    """The signature of the first `__init__` or `__new__` among a class and its bases."""
    passed_on = False  # a __new__(cls, *args, **kwargs) that leaves the arguments to __init__
    order = mro(definition)
    for base in order:
        if isinstance(base, Unknown) or _calls_itself(base):
            return None
        written = writes_init(base)
        if written is None:
            return None
        for name in ("__init__",) if passed_on else ("__new__", "__init__"):
            taken = _methods(in_class(base, name))
            if in_class(base, name) and not (name == "__new__" and taken and _passes_on(base, taken)):
                return taken
            passed_on = passed_on or bool(in_class(base, name))
        if written:
            rest = list(order)
            known = [other for other in rest if isinstance(other, Definition)]
            return _made(init_parameters([base, *known])) if len(known) == len(rest) else None
    return _made({}, anything=passed_on)


def _made(taken: dict[str, Parameter], *, anything: bool = False) -> Signature:
    return Signature("", taken, anything, anything, True, "", "", 0)


def _calls_itself(definition: Definition) -> bool:
    """Whether a metaclass can take the arguments before the constructor does."""
    for word in definition.node.keywords if isinstance(definition.node, ast.ClassDef) else []:
        if word.arg == "metaclass" and origin(definition.module, word.value) not in PLAIN_METACLASSES:
            for meta in stands_for(definition.module, word.value):
                if not isinstance(meta, Definition) or any(
                    isinstance(base, Definition) and in_class(base, "__call__") for base in mro(meta)
                ):
                    return True
    return False


def _passes_on(definition: Definition, taken: Signature) -> bool:
    """Whether this `__new__` names no argument and makes the object by `super().__new__`."""
    return (
        not taken.parameters
        and taken.open
        and any("__new__(cls" in ast.unparse(item) for item in body(definition).functions("__new__"))
    )


def _methods(found: Sequence[Found]) -> Signature | None:
    signatures = [
        _function(thing, bound=True)
        if isinstance(thing, Definition) and not isinstance(thing.node, ast.ClassDef)
        else None
        for thing in found
    ]
    known = [signature for signature in signatures if signature is not None]
    return _either(known) if known and len(known) == len(signatures) else None


def _function(definition: Definition, *, bound: bool | None = None) -> Signature | None:
    """The signature of a function, without its first argument where `bound`; None: ask its decorators."""
    node = definition.node
    if isinstance(node, ast.ClassDef) or not all(_transparent(definition, deco) for deco in node.decorator_list):
        return None
    if bound is None:
        bound = definition.outer is not None and _decorated(definition, node, "classmethod")
    taken = _plain(definition, node, bound)
    scope = body(definition.outer) if definition.outer else definition.module.scope
    nodes = scope.functions(node.name) if scope and taken.open else []
    overloads = [_plain(definition, other, bound) for other in nodes if _decorated(definition, other, "overload")]
    if not overloads:
        return taken
    spelled = _either(overloads)
    return replace(taken, parameters={**taken.parameters, **spelled.parameters})


def _plain(definition: Definition, node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> Signature:
    arguments = node.args
    return Signature(
        name=definition.qualname,
        parameters=parameters(arguments, module=definition.module.name, bound=bound),
        open=arguments.kwarg is not None,
        varargs=arguments.vararg is not None,
        is_class=False,
        module=definition.module.name,
        path=definition.module.path,
        line=node.lineno,
    )


def _decorated(definition: Definition, node: ast.AST, name: str) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
    return any(origin(definition.module, decorator).rpartition(".")[2] == name for decorator in decorators)


def _transparent(definition: Definition, decorator: ast.expr) -> bool:
    """Whether a decorator keeps the arguments: known to, written with `wraps`, or returning its argument."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    if origin(definition.module, function).rpartition(".")[2] in TRANSPARENT:
        return True
    found = stands_for(definition.module, function)
    return bool(found) and all(isinstance(thing, Definition) and _wraps(thing.node) for thing in found)


def _wraps(node: ast.AST) -> bool:
    arguments = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    for inner in ast.walk(node):
        match inner:
            case ast.Call(ast.Name("wraps" | "update_wrapper") | ast.Attribute(attr="wraps" | "update_wrapper")):
                return True
            case ast.Return(ast.Name(name)) if name in arguments:
                return True
    return False


def _either(signatures: Sequence[Signature]) -> Signature:
    """What one of several definitions may take: all their names; required is what all of them require."""
    first = signatures[0]
    if len(signatures) == 1:
        return first
    merged: dict[str, Parameter] = {}
    for name in dict.fromkeys(name for signature in signatures for name in signature.parameters):
        same = [signature.parameters[name] for signature in signatures if name in signature.parameters]
        required = len(same) == len(signatures) and all(parameter.required for parameter in same)
        agreed = len({_text(parameter.annotation) for parameter in same}) == 1
        merged[name] = replace(same[0], required=required, annotation=same[0].annotation if agreed else None)
    return replace(
        first,
        parameters=merged,
        open=any(signature.open for signature in signatures),
        varargs=any(signature.varargs for signature in signatures),
        is_class=all(signature.is_class for signature in signatures),
    )


def _text(node: ast.expr | None) -> str:
    return "" if node is None else ast.unparse(node)
