"""Follow a name through re-exports, aliases, star imports and base classes to where it is defined."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile

from mlsci.source.bindings import Event, Link, Scope
from mlsci.source.modules import Module, find_module

# Bases that bring no constructor of their own.
PLAIN_BASES = frozenset(
    f"{module}.{name}"
    for module, names in {
        "abc": ["ABC"],
        "builtins": ["object"],
        "typing": ["Generic", "Protocol"],
        "typing_extensions": ["Generic", "Protocol"],
    }.items()
    for name in names
)


@dataclass(frozen=True)
class Definition:
    """A class or function of `module`; `outer` is the class around it."""

    module: Module
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    outer: Definition | None = None

    @property
    def qualname(self) -> str:
        """The name inside the module, ``Outer.method``."""
        return f"{self.outer.qualname}.{self.node.name}" if self.outer else self.node.name

    @property
    def home(self) -> str:
        """The full name of the place where this is really defined."""
        return f"{self.module.name}.{self.qualname}"


@dataclass(frozen=True)
class Unknown:
    """Something that its source does not tell; `node` is the expression in `module` where the trail ends."""

    home: str
    module: Module | None = None
    node: ast.AST | None = None


Found = Module | Definition | Unknown
Seen = frozenset[tuple[str, str]]


def home(found: Found) -> str:
    """The full name of the place where a thing is really defined, as far as source tells."""
    return found.name if isinstance(found, Module) else found.home


def unique(found: Iterable[Found]) -> list[Found]:
    """Each thing once, in order."""
    return list(dict.fromkeys(found))


def attribute(holder: Found, name: str, seen: Seen = frozenset()) -> list[Found]:
    """What ``holder.name`` can be; the empty list means that it certainly does not exist."""
    if isinstance(holder, Module):
        return _module_attribute(holder, name, seen)
    if isinstance(holder, Definition) and isinstance(holder.node, ast.ClassDef):
        return _class_attribute(holder, name)
    return [Unknown(f"{home(holder)}.{name}")]


def _module_attribute(module: Module, name: str, seen: Seen) -> list[Found]:
    if (module.name, name) in seen:  # `from package import part as part` in the package itself
        return [module.child(name) or Unknown(f"{module.name}.{name}")]
    if module.scope is None:
        return [module.child(name) or Unknown(f"{module.name}.{name}")]
    seen = seen | {(module.name, name)}
    found: list[Found] = []
    settled = blind = False
    for event in module.scope.latest(name):
        if event.value is None:
            if event.certain:
                break
            continue
        inside = _starred(module, event, name, seen) if event.name == "*" else _bound(module, event, seen)
        blind = blind or inside is None
        found += inside or ()
        settled = event.certain and (bool(inside) or event.name != "*")
        if settled:
            break
    if not settled and (child := module.child(name)):
        found.append(child)
    if not found and (settled or blind or module.dynamic):
        return [Unknown(f"{module.name}.{name}")]
    return unique(found)


def _bound(module: Module, event: Event, seen: Seen) -> list[Found] | None:
    """What one event binds; None where it may or may not bind anything."""
    value = event.value
    if isinstance(value, Link):
        return _linked(value, event.certain, seen)
    if isinstance(value, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [Definition(module, value)]
    if isinstance(value, ast.Constant) and value.value is None:
        return None
    if isinstance(value, ast.expr):
        return stands_for(module, value, event.name, seen)
    return [Unknown(f"{module.name}.{event.name}", module, value if isinstance(value, ast.AST) else None)]


def _linked(link: Link, certain: bool, seen: Seen) -> list[Found] | None:
    module = find_module(link.module)
    full = link.module if link.name is None else f"{link.module}.{link.name}"
    if module is None:
        return [Unknown(full)] if certain else None
    if link.name is None:
        return [module]
    return attribute(module, link.name, seen) or ([Unknown(full)] if certain else None)


def _starred(module: Module, event: Event, name: str, seen: Seen) -> list[Found] | None:
    """What ``from other import *`` brings under `name`; None where `other` cannot be read."""
    other = find_module(event.value.module) if isinstance(event.value, Link) else None
    if other is None or other.scope is None:
        return None
    if other.exports is not None and name not in other.exports:
        return []
    if not other.has_all and name.startswith("_"):
        return []
    if (other.name, name) in seen:
        return None
    found = attribute(other, name, seen)
    if not found and name in (other.exports or ()):
        return None
    if other.exports is None:  # a submodule is exported too, but only if something imported it
        unsure = [thing for thing in found if thing is other.child(name)]
        found = [thing for thing in found if thing not in unsure]
        if unsure and not found:
            return None
    return None if found and all(isinstance(thing, Unknown) and thing.node is None for thing in found) else found


def stands_for(module: Module, node: ast.expr, name: str = "", seen: Seen = frozenset()) -> list[Found]:
    """What an expression at the top of a module stands for; `name` is what it is bound to there."""
    match node:
        case ast.Name(id):
            inside = attribute(module, id, seen)
            if inside and not all(isinstance(thing, Unknown) for thing in inside):
                return inside
            return [Unknown(f"builtins.{id}")] if hasattr(builtins, id) else (inside or [Unknown(id)])
        case ast.Attribute(value, attr):
            holders = stands_for(module, value, name, seen)
            return unique(thing for holder in holders for thing in attribute(holder, attr, seen)) or [
                Unknown(f"{module.name}.{name}", module, node)
            ]
        case ast.IfExp(_, first, second):
            return unique(stands_for(module, first, name, seen) + stands_for(module, second, name, seen))
    return [Unknown(f"{module.name}.{name}", module, node)]


def origin(module: Module, node: ast.expr) -> str:
    """The name that an expression is imported under, one hop away: ``dataclasses.field`` for ``field``."""
    if isinstance(node, ast.Attribute):
        return f"{origin(module, node.value)}.{node.attr}"
    if not isinstance(node, ast.Name):
        return ""
    event = next((e for e in module.scope.latest(node.id) if e.name != "*"), None) if module.scope else None
    if event is None:
        return f"builtins.{node.id}"
    if isinstance(event.value, Link):
        return event.value.module if event.value.name is None else f"{event.value.module}.{event.value.name}"
    return f"{module.name}.{node.id}"


@cache
def body(definition: Definition) -> Scope:
    """The names that the body of a class binds."""
    package = (
        definition.module.name if definition.module.search is not None else definition.module.name.rpartition(".")[0]
    )
    return Scope(definition.node.body, package)


def in_class(definition: Definition, name: str) -> list[Found]:
    """What the body of this one class binds `name` to; the empty list if it binds nothing."""
    found: list[Found] = []
    for event in body(definition).latest(name):
        value = event.value
        if isinstance(value, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(Definition(definition.module, value, definition))
        elif isinstance(value, ast.Name) and value.id in body(definition) and value.id != name:
            found += in_class(definition, value.id)
        else:
            found.append(Unknown(f"{definition.home}.{name}", definition.module))
        if event.certain:
            break
    if f"{definition.qualname}.{name}" in (definition.module.scope or ()):  # assigned from outside
        found.append(Unknown(f"{definition.home}.{name}", definition.module))
    return found


def _class_attribute(definition: Definition, name: str) -> list[Found]:
    for base in mro(definition):
        if isinstance(base, Unknown):
            break
        if found := in_class(base, name):
            return found
        keywords = base.node.keywords if isinstance(base.node, ast.ClassDef) else []
        if base.node.decorator_list or keywords or f".{name}" in ast.unparse(base.node):
            break
    else:
        return []
    return [Unknown(f"{definition.home}.{name}")]


def _base(definition: Definition, node: ast.expr) -> Definition | Unknown:
    """The class that one base expression stands for."""
    found: list[Found] | None
    if definition.outer and isinstance(node, ast.Name) and node.id in body(definition.outer):
        found = in_class(definition.outer, node.id)
    elif isinstance(node, ast.Name) and node.id == definition.node.name:
        found = _shadowed(definition)
    else:
        found = stands_for(definition.module, node, ast.unparse(node))
    if found and len(found) == 1 and isinstance(found[0], Definition) and isinstance(found[0].node, ast.ClassDef):
        return found[0]
    return Unknown(f"{definition.module.name}.{ast.unparse(node)}")


def _shadowed(definition: Definition) -> list[Found] | None:
    """What the name of a class stood for before the class took it: ``class Adam(Adam)``."""
    events = definition.module.scope.latest(definition.node.name) if definition.module.scope else iter(())
    earlier = dropwhile(lambda event: event.value is not definition.node, events)
    next(earlier, None)
    event = next(earlier, None)
    return None if event is None or event.name == "*" else _bound(definition.module, event, frozenset())


def _bases(definition: Definition) -> list[Definition | Unknown]:
    """The direct bases that can bring a constructor."""
    if not isinstance(definition.node, ast.ClassDef):
        return []
    plain = [node.value if isinstance(node, ast.Subscript) else node for node in definition.node.bases]
    return [_base(definition, node) for node in plain if origin(definition.module, node) not in PLAIN_BASES]


def mro(definition: Definition, below: tuple[Definition, ...] = ()) -> Iterator[Definition | Unknown]:
    """The class and its bases in the order in which Python looks through them (C3).

    An Unknown says that from there on the order, and what it holds, cannot be told.
    """
    if definition in below:
        yield Unknown(definition.home)
        return
    yield definition
    direct, below = _bases(definition), (*below, definition)
    if len(direct) == 1:  # the common case, read no further than asked
        yield from mro(direct[0], below) if isinstance(direct[0], Definition) else direct
    elif direct:
        lines = [direct]
        for base in reversed(direct):
            lines.insert(0, list(mro(base, below)) if isinstance(base, Definition) else [base])
        yield from _merge(lines)


def _merge(lines: list[list[Definition | Unknown]]) -> Iterator[Definition | Unknown]:
    while lines := [line for line in lines if line]:
        head = next((line[0] for line in lines if not any(line[0] in other[1:] for other in lines)), None)
        if head is None:
            yield Unknown("an inconsistent order of base classes")
            return
        yield head
        lines = [[item for item in line if item != head] for line in lines]
