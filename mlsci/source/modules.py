"""Modules found and parsed without being imported."""

from __future__ import annotations

import ast
import gc
import importlib.machinery
import importlib.util
import os
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from mlsci.source.bindings import Scope

# Marks of a module that may hold names which its text does not bind.
DYNAMIC = (b"globals()", b"exec(", b"sys.modules[__name__]", b"vars()", b"locals()", b"lazy_loader")


@dataclass(frozen=True, eq=False)
class Module:
    """A module or package as its file tells it; ``scope=None`` where there is no Python source."""

    name: str
    path: str
    search: tuple[str, ...] | None  # the folders of a package, None for a plain module
    scope: Scope | None = None
    exports: frozenset[str] | None = None  # __all__, where it can be read
    has_all: bool = False
    dynamic: bool = True

    def child(self, name: str) -> Module | None:
        """The submodule `name`, or None."""
        if self.search is None:
            return None
        full = f"{self.name}.{name}"
        return _of_spec(full, importlib.machinery.PathFinder.find_spec(full, list(self.search)))

    def children(self) -> set[str]:
        """The names of all submodules."""
        return {info.name for info in pkgutil.iter_modules(list(self.search or ()))}


def find_module(name: str) -> Module | None:
    """The module of this dotted name, or None where no such file exists; imports nothing."""
    top, *rest = name.split(".")
    module = _top(top)
    for part in rest:
        module = module and module.child(part)
    return module


def _top(name: str) -> Module | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        spec = None
    if spec is None:  # a job runs as `python -m`, which sees the current folder; a console script does not
        spec = importlib.machinery.PathFinder.find_spec(name, [os.getcwd()])
    return _of_spec(name, spec)


def _of_spec(name: str, spec: importlib.machinery.ModuleSpec | None) -> Module | None:
    if spec is None:
        return None
    folders = spec.submodule_search_locations
    search = None if folders is None else tuple(folders)
    origin = spec.origin or ""
    if folders is not None and not spec.has_location and spec.origin is None:  # a namespace package
        return _namespace(name, search)
    if not origin.endswith(".py"):
        return _sourceless(name, origin, search)
    try:
        return _read(name, origin, search, os.stat(origin).st_mtime_ns)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return _sourceless(name, origin, search)


@cache
def _namespace(name: str, search: tuple[str, ...]) -> Module:
    return Module(name, "", search, Scope([], name), dynamic=False)


@cache
def _sourceless(name: str, origin: str, search: tuple[str, ...] | None) -> Module:
    return Module(name, origin, search)


@cache
def _read(name: str, path: str, search: tuple[str, ...] | None, changed: int) -> Module:
    """Parse one file; `changed` (ns) is its time of change, so that an edited file is read again."""
    with open(path, "rb") as file:
        text = file.read()
    tree = _parse(text, path)
    scope = Scope(tree.body, name if search is not None else name.rpartition(".")[0])
    exports, has_all = _exports(tree) if b"__all__" in text else (None, False)
    dynamic = any(mark in text for mark in DYNAMIC) or "__getattr__" in scope or "__path__" in scope
    return Module(name, path, search, scope, exports, has_all, dynamic)


def _parse(text: bytes, path: str) -> ast.Module:
    """Parse with the garbage collector at rest: a third faster, as it would walk all nodes many times."""
    resting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text, filename=path)
    finally:
        if resting:
            gc.enable()


def _exports(tree: ast.Module) -> tuple[frozenset[str] | None, bool]:
    """``__all__`` (None where it cannot be read), and whether there is one."""
    parts = [value for node in tree.body for value in _all_parts(node)]
    if not parts:
        return None, False
    strings = [_strings(part) for part in parts]
    if any(found is None for found in strings):
        return None, True
    return frozenset(name for found in strings for name in found or ()), True


def _all_parts(node: ast.stmt) -> Iterator[ast.expr | None]:
    """What one statement puts into ``__all__``; None for a way of doing it that is not understood."""
    match node:
        case ast.Assign(targets, value) if any(isinstance(to, ast.Name) and to.id == "__all__" for to in targets):
            yield value
        case ast.AnnAssign(target=ast.Name(id="__all__"), value=value) if value is not None:
            yield value
        case ast.AugAssign(target=ast.Name(id="__all__"), op=ast.Add(), value=value):
            yield value
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(id="__all__"), "extend"), args=[value])):
            yield value
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(id="__all__"), "append"), args=[value])):
            yield ast.List(elts=[value], ctx=ast.Load())
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return
        case _:
            if any(_changes_all(inner) for inner in _shallow(node)):
                yield None


def _changes_all(node: ast.AST) -> bool:
    """Whether this may change ``__all__``, rather than only look at it."""
    match node:
        case ast.Name("__all__", ast.Store() | ast.Del()) | ast.Attribute(ast.Name("__all__")):
            return True
        case ast.Subscript(ast.Name("__all__"), ctx=ast.Store() | ast.Del()):
            return True
        case ast.Call(ast.Name("sorted" | "set" | "len" | "list" | "tuple")):
            return False
        case ast.Call(args=args):
            return any(isinstance(arg, ast.Name) and arg.id == "__all__" for arg in args)
    return False


def _shallow(node: ast.stmt) -> Iterator[ast.AST]:
    """All nodes of a statement, but not those of a function or class body."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from ast.walk(node)


def _strings(node: ast.expr | None) -> list[str] | None:
    match node:
        case ast.List(elts) | ast.Tuple(elts):
            names = [elt.value for elt in elts if isinstance(elt, ast.Constant) and isinstance(elt.value, str)]
            return names if len(names) == len(elts) else None
        case ast.BinOp(left, ast.Add(), right):
            first, second = _strings(left), _strings(right)
            return None if first is None or second is None else first + second
        case ast.Call(ast.Name(id="list" | "tuple" | "sorted"), args=[inner], keywords=[]):
            return _strings(inner)
    return None
