"""What a dotted target stands for, or why it cannot stand for anything."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Sequence

from mlsci.nearest import nearest
from mlsci.source.bindings import Link
from mlsci.source.injected import injected
from mlsci.source.lookup import Definition, Found, Unknown, attribute, body, unique
from mlsci.source.modules import Module, find_module


class NoSuchTarget(ValueError):
    """A dotted name that certainly stands for nothing that can be built."""


def resolve(target: str) -> list[Found]:
    """All things that `target` can stand for: one, unless the text leaves a choice between branches.

    Raises:
        NoSuchTarget: nothing of that name can exist; the message names the longest part that does.
    """
    parts = target.split(".")
    if not all(part.isidentifier() for part in parts):
        raise NoSuchTarget(f"'{target}' is not a dotted name such as package.module.Class")
    top = find_module(parts[0])
    if top is None:
        installed = [info.name for info in pkgutil.iter_modules()]
        raise NoSuchTarget(f"{target}: no package '{parts[0]}' is installed{nearest(parts[0], installed)}")
    found: list[Found] = [top]
    for place, part in enumerate(parts[1:], start=1):
        inside = unique(thing for holder in found for thing in attribute(holder, part))
        if not inside and any(_implied(holder, part) for holder in found):
            inside = [Unknown(".".join(parts[: place + 1]))]
        if not inside:
            raise NoSuchTarget(f"{target}: {_absence(found, '.'.join(parts[:place]), parts[place:])}")
        found = inside
    return found


def _implied(holder: Found, name: str) -> bool:
    """Whether a name that no text of `holder` binds can be there all the same."""
    if isinstance(holder, Module):
        return (name.startswith("__") and name.endswith("__")) or injected(holder, name)
    return hasattr(type, name)


def _absence(found: Sequence[Found], parent: str, rest: Sequence[str]) -> str:
    known = {name for holder in found for name in names(holder)}
    what = "module " if len(rest) > 1 and isinstance(found[0], Module) else ""
    public = known if rest[0].startswith("_") else {name for name in known if not name.startswith("_")}
    return f"no {what}'{rest[0]}' in {parent}{nearest(rest[0], public)}"


def names(holder: Found, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names that a module or class holds, as far as source tells."""
    if isinstance(holder, Definition):
        return body(holder).names() if isinstance(holder.node, ast.ClassDef) else set()
    if not isinstance(holder, Module) or holder.scope is None or holder.name in seen:
        return set()
    known = holder.scope.names() | holder.children()
    for event in holder.scope.latest("*"):
        star = find_module(event.value.module) if isinstance(event.value, Link) else None
        if star is not None and star.exports is not None:
            known |= star.exports
        elif star is not None:
            known |= names(star, seen | {holder.name}) - star.children()
    return known
