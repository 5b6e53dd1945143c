"""Which names the body of a module or class binds, in order, and what each is bound to."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """An import: the module `module` itself, its name `name`, or all its public names (``name="*"``)."""

    module: str
    name: str | None


@dataclass(frozen=True, eq=False)
class Event:
    """One place where a body binds `name` (``"*"``: many) to `value`; ``value=None`` is a deletion.

    `certain` is False under an `if`, `try` or loop whose outcome the text alone does not tell.
    """

    name: str
    value: ast.AST | Link | None
    certain: bool


class Scope:
    """The names that the body of a module or class binds, in order."""

    def __init__(self, body: Sequence[ast.stmt], package: str) -> None:
        self.events = tuple(_events(body, package=package, certain=True))
        self._places: dict[str, list[int]] = {}
        for place, event in enumerate(self.events):
            self._places.setdefault(event.name, []).append(place)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def names(self) -> set[str]:
        """All plain names that the body binds."""
        return {name for name in self._places if name.isidentifier()}

    def functions(self, name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All function definitions of this name, overloads included."""
        values = [self.events[place].value for place in self._places.get(name, [])]
        return [value for value in values if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef)]

    def latest(self, name: str) -> Iterator[Event]:
        """The events that can bind `name`, star imports included, the last one first."""
        places = self._places.get(name, []) + self._places.get("*", [])
        return (self.events[place] for place in sorted(places, reverse=True))


def _events(body: Sequence[ast.stmt], *, package: str, certain: bool) -> Iterator[Event]:
    for node in body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield Event(node.name, node, certain)
            case ast.Import(names):
                for alias in names:
                    module = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield Event(alias.asname or module, Link(module, None), certain)
            case ast.ImportFrom(_, names, _):
                module = _absolute(node, package)
                for alias in names:
                    yield Event(alias.asname or alias.name, Link(module, alias.name), certain)
            case ast.Assign(targets, value):
                for target in targets:
                    yield from _assigned(target, value, certain)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    yield from _assigned(target, value, certain)
            case ast.AugAssign(target=target):
                yield from _assigned(target, None, certain)
            case ast.Delete(targets):
                yield from (Event(target.id, None, certain) for target in targets if isinstance(target, ast.Name))
            case _:
                for block, sure in _blocks(node, certain):
                    yield from _events(block, package=package, certain=sure)
                yield from _loose(node)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _assigned(target: ast.expr, value: ast.expr | None, certain: bool) -> Iterator[Event]:
    """The bindings of ``target = value``; ``value=None`` is something that cannot be told (`ast.Pass`)."""
    match target:
        case ast.Name(name):
            yield Event(name, value or ast.Pass(), certain)
        case ast.Attribute():
            yield Event(ast.unparse(target), value or ast.Pass(), certain)
        case ast.Starred(inner):
            yield from _assigned(inner, None, certain)
        case ast.Tuple(elts) | ast.List(elts):
            values: Sequence[ast.expr | None] = [None] * len(elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(elts):
                values = value.elts
            for inner, part in zip(elts, values, strict=True):
                yield from _assigned(inner, part, certain)


def _blocks(node: ast.stmt, certain: bool) -> list[tuple[Sequence[ast.stmt], bool]]:
    """The blocks of a compound statement that can run, and whether they surely do."""
    match node:
        case ast.If(test, body, orelse):
            verdict = truth(test)
            if verdict is None:
                return [(body, False), (orelse, False)]
            return [(body if verdict else orelse, certain)]
        case ast.Try(body, handlers, orelse, final):
            sure = certain and all(isinstance(handler.body[-1], ast.Raise) for handler in handlers)
            rest = [(handler.body, False) for handler in handlers]
            return [(body, sure), (orelse, sure), *rest, (final, certain)]
        case ast.With(_, body):
            return [(body, certain)]
        case ast.For(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse):
            return [(body, False), (orelse, False)]
        case ast.Match(_, cases):
            return [(case.body, False) for case in cases]
    return []


def _loose(node: ast.stmt) -> Iterator[Event]:
    """The names that a loop or `with` binds: to what cannot be told."""
    if isinstance(node, ast.For):
        yield from _assigned(node.target, None, False)
    if isinstance(node, ast.With):
        for item in node.items:
            if item.optional_vars is not None:
                yield from _assigned(item.optional_vars, None, False)


def truth(test: ast.expr) -> bool | None:
    """Whether a condition holds when the module is imported here, or None where its text does not tell."""
    match test:
        case ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.Constant(value):
            return bool(value)
        case ast.UnaryOp(ast.Not(), operand):
            verdict = truth(operand)
            return None if verdict is None else not verdict
        case ast.BoolOp(op, values):
            verdicts = [truth(value) for value in values]
            decisive = isinstance(op, ast.Or)
            if decisive in verdicts:
                return decisive
            return None if None in verdicts else not decisive
        case ast.Compare(left, [op], [right]):
            return _comparison(ast.unparse(left), op, right)
    return None


def _comparison(left: str, op: ast.cmpop, right: ast.expr) -> bool | None:
    known = {"sys.version_info": sys.version_info, "sys.platform": sys.platform, "os.name": os.name}
    if left == "__name__":
        known["__name__"] = ""
    try:
        value, other = known[left], ast.literal_eval(right)
        return {
            ast.Lt: lambda: value < other,
            ast.LtE: lambda: value <= other,
            ast.Gt: lambda: value > other,
            ast.GtE: lambda: value >= other,
            ast.Eq: lambda: value == other,
            ast.NotEq: lambda: value != other,
        }[type(op)]()
    except (KeyError, ValueError, TypeError):
        return None
