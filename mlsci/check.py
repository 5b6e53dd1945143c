"""Check a plain config against the signatures of its targets and our own schema, importing none."""

from __future__ import annotations

import ast
import dataclasses
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlsci.allow import ALLOWED, allowed, inside, refusal
from mlsci.nearest import nearest
from mlsci.signature import NoSuchTarget, Parameter, Signature, read
from mlsci.source.annotation import ANYTHING, Expected, complaints, expected, fits, shown, unresolved

__all__ = ["ALLOWED", "allowed", "check", "check_schema", "inside", "refusal"]

FLAGS = {
    "_partial_": "bool",
    "_recursive_": "bool",
    "_convert_": "Literal['none', 'partial', 'object', 'all']",
}
SPECIAL = frozenset({"_target_", "_args_", *FLAGS})
SHOWN = 25  # names in a list of known ones


def check(config: dict[Any, Any] | list[Any], *, trust: Sequence[str] = (), path: str = "") -> list[str]:
    """Find every mistake in a plain config: one line each, with the full key; none is good.

    Looks for values still to be given (``???``), targets that do not exist or are not allowed, arguments that
    a target does not take or misses, and values of the wrong simple type. Text with ``${`` is not checked.

    Args:
        trust: further packages, or dotted prefixes, whose targets may run.
        path: the key of `config` itself.
    """
    return list(_walk(config, tuple(trust), path))


def _walk(node: object, trust: tuple[str, ...], path: str) -> Iterator[str]:
    if isinstance(node, str) and node == "???":
        yield f"{path or 'the config'}: needs a value"
    elif isinstance(node, list | tuple):
        for place, item in enumerate(node):
            yield from _walk(item, trust, f"{path}[{place}]")
    elif isinstance(node, dict):
        if "_target_" in node and node["_target_"] != "???":
            yield from _check_target(node, trust, path)
        for key, value in node.items():
            yield from _walk(value, trust, _join(path, key))


def _join(path: str, key: object) -> str:
    text = str(key) if str(key).isprintable() else repr(key)
    return f"{path}.{text}" if path else text


def _check_target(node: dict[Any, Any], trust: tuple[str, ...], path: str) -> Iterator[str]:
    target, key = node["_target_"], _join(path, "_target_")
    if not isinstance(target, str):
        yield f"{key}: expected a dotted name, got {shown(target)}"
        return
    if unresolved(target):
        return
    reason = refusal(target, trust)
    if reason:
        yield f"{key}: {reason}"
        return
    try:
        signature = read(target)
    except NoSuchTarget as error:
        yield f"{key}: {error}"
        return
    yield from _check_flags(node, path)
    if signature is not None:
        yield from _check_arguments(node, signature, path)


def _check_flags(node: dict[Any, Any], path: str) -> Iterator[str]:
    for key, kind in FLAGS.items():
        if key in node:
            yield from complaints(node[key], _of_text(kind), _join(path, key))
    if "_args_" in node and not (isinstance(node["_args_"], list | tuple) or unresolved(node["_args_"])):
        yield f"{_join(path, '_args_')}: expected a list, got {shown(node['_args_'])}"


def _check_arguments(node: dict[Any, Any], signature: Signature, path: str) -> Iterator[str]:
    """Compare the keys and values of one node with what its target takes."""
    given = {key: value for key, value in node.items() if key not in SPECIAL}
    args = node.get("_args_", ())
    filled, surplus = _positional(args if isinstance(args, list | tuple) else (), signature)
    if surplus:
        yield f"{_join(path, '_args_')}: {signature.name} takes no more than {len(filled)}, got {len(args)}"
    for place, (name, value) in enumerate(filled.items()):
        yield from _check_value(value, signature.parameters[name], f"{_join(path, '_args_')}[{place}]")
    for key, value in given.items():
        parameter = signature.parameters.get(key)
        if parameter is None or parameter.kind == "positional-only":
            if not signature.open:
                yield _unknown(key, signature, path)
        elif key in filled:
            yield f"{_join(path, key)}: given twice, here and in _args_"
        else:
            yield from _check_value(value, parameter, _join(path, key))
    if not node.get("_partial_") and not unresolved(args):
        known = {*given, *filled}
        missing = [p for p in signature.parameters.values() if p.required and p.name not in known]
        yield from (f"{_join(path, p.name)}: {signature.name} needs {_described(p)}" for p in missing)


def _positional(args: Sequence[Any], signature: Signature) -> tuple[dict[str, Any], bool]:
    """The parameters that positional arguments fill, and whether there are more of them than it takes."""
    slots = [name for name, parameter in signature.parameters.items() if parameter.kind != "keyword"]
    return dict(zip(slots, args, strict=False)), len(args) > len(slots) and not signature.varargs


def _unknown(key: object, signature: Signature, path: str) -> str:
    names = [name for name, parameter in signature.parameters.items() if parameter.kind != "positional-only"]
    special = SPECIAL if str(key).startswith("_") else ()
    takes = f"It takes: {listed(names)}" if names else "It takes nothing"
    hint = nearest(key, [*names, *special])
    return f"{_join(path, key)}: {signature.name} takes no {str(key)!r}{hint or '.'} {takes}"


def listed(names: Iterable[str]) -> str:
    """Names in order, the first few of many."""
    ordered = sorted(names)
    return ", ".join(ordered[:SHOWN]) + (", …" if len(ordered) > SHOWN else "")


def _described(parameter: Parameter) -> str:
    want = expected(parameter.annotation, parameter.module)
    return f"'{parameter.name}'" if want.anything else f"'{parameter.name}' ({want})"


def _check_value(value: object, parameter: Parameter, path: str) -> list[str]:
    if parameter.annotation is None:
        return []
    quick = expected(parameter.annotation, parameter.module, follow=False)
    if fits(value, quick):
        return []
    return complaints(value, _widened(expected(parameter.annotation, parameter.module), parameter), path)


def _widened(want: Expected, parameter: Parameter) -> Expected:
    """Allow the type of the default too: ``x: int = None`` and ``eps: int = 1e-8`` are written everywhere."""
    if parameter.default is None:
        return want
    try:
        default = ast.literal_eval(parameter.default)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return want
    if fits(default, want):
        return want
    if default is None or isinstance(default, bool | int | float | str):
        return want | Expected(scalars=("None" if default is None else type(default).__name__,))
    return ANYTHING


def check_schema(config: Mapping[Any, Any], schema: type, path: str = "") -> list[str]:
    """Check our own keys against the annotations of a dataclass; one line a mistake, with the full key.

    Fields that are dataclasses themselves (also ``X | None``) are checked the same way.
    """
    hints = typing.get_type_hints(schema)
    fields = {field.name: field for field in dataclasses.fields(schema)}
    messages = []
    for key, value in config.items():
        if key not in fields:
            messages.append(f"{_join(path, key)}: no such key{nearest(key, fields) or '.'} Known: {listed(fields)}")
        else:
            messages += _check_field(value, hints[key], _join(path, key))
    missing = [field.name for field in fields.values() if field.name not in config and _required(field)]
    return messages + [f"{_join(path, name)}: needs a value" for name in missing]


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _check_field(value: object, hint: Any, path: str) -> list[str]:
    if isinstance(value, str) and value == "???":
        return [f"{path}: needs a value"]
    nested = [part for part in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(part)]
    if nested and isinstance(value, Mapping):
        return check_schema(value, nested[0], path)  # type: ignore[arg-type]
    if nested:
        optional = type(None) in typing.get_args(hint)
        fine = unresolved(value) or (value is None and optional)
        return [] if fine else [f"{path}: expected a mapping{' | None' if optional else ''}, got {shown(value)}"]
    return complaints(value, _of_hint(hint), path)


def _of_hint(hint: Any) -> Expected:
    """What a real annotation, not its source, allows."""
    return _of_text(hint.__qualname__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint))


def _of_text(text: str) -> Expected:
    return expected(ast.Constant(text))
