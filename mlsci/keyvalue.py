"""Options of a verb written as key=value words: a dataclass says which there are, with types and defaults."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import MISSING, Field, field, fields
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mlsci.errors import ConfigError
from mlsci.nearest import nearest

Options = TypeVar("Options")


def option(default: Any, text: str) -> Any:
    """A field of a dataclass of options: its default, and what the help says of it."""
    return field(default=default, metadata={"help": text})


def read(words: Sequence[str], kind: type[Options]) -> Options:
    """The options that the words give, defaults for the others.

    Raises:
        ConfigError: all mistakes at once: words without '=', unknown keys, keys given twice, values of the wrong type.
    """
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    messages: list[str] = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            messages.append(f"{word}: cannot be read; write key=value, for example {example(kind)}")
        elif key not in hints:
            messages.append(f"{key}: no such key{nearest(key, hints) or ';'} known: {', '.join(hints)}")
        elif key in found:
            messages.append(f"{key}: given twice")
        else:
            try:
                found[key] = _value(text, hints[key])
            except ValueError:
                found[key] = None
                messages.append(f"{key}: expected {_name(hints[key])}, got '{text}'{_near(text, hints[key])}")
    if messages:
        raise ConfigError(messages)
    return kind(**found)


def described(kind: type) -> str:
    """The keys with their defaults and what they mean, one a line."""
    rows = [(f"{key.name}={_shown(key)}", key.metadata.get("help", "")) for key in fields(kind)]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)


def example(kind: type) -> str:
    """The first key with its default."""
    first = fields(kind)[0]
    return f"{first.name}={_shown(first)}"


def _shown(key: Field) -> str:
    if key.default is None or key.default is MISSING:
        return "..."
    return str(key.default).lower() if isinstance(key.default, bool) else f"{key.default}"


def _kinds(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a union."""
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def _value(text: str, hint: Any) -> Any:
    for kind in _kinds(hint):
        try:
            return _single(text, kind)
        except ValueError:
            continue
    raise ValueError(text)


def _single(text: str, kind: Any) -> Any:
    if get_origin(kind) is Literal:
        return {str(choice): choice for choice in get_args(kind)}.get(text) or _refuse(text)
    if kind is bool:
        known = {"true": True, "false": False}
        return known[text.lower()] if text.lower() in known else _refuse(text)
    if kind is type(None):
        return None if text in {"none", "null"} else _refuse(text)
    if kind is int and "e" in text.lower():
        number = float(text)  # 1e5 steps
        return int(number) if number.is_integer() else _refuse(text)
    return kind(text) if text else _refuse(text)


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _name(hint: Any) -> str:
    names = {type(None): "null", int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return " or ".join(
        " or ".join(map(str, get_args(kind))) if get_origin(kind) is Literal else names.get(kind, str(kind))
        for kind in _kinds(hint)
    )


def _near(text: str, hint: Any) -> str:
    choices = [choice for kind in _kinds(hint) if get_origin(kind) is Literal for choice in get_args(kind)]
    return nearest(text, choices)
