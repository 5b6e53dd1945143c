"""Names that one module of a package puts into another: ``setattr(package.module, "Old", New)``."""

from __future__ import annotations

import ast
from pathlib import Path

from mlsci.source.modules import Module, find_module


def injected(holder: Module, name: str) -> bool:
    """Whether `name` may be set on `holder` from outside: read before a name is said not to exist.

    Looks through the files of the second-level package (``lightning.pytorch``).
    """
    package = find_module(".".join(holder.name.split(".")[:2]))
    for folder in (package.search if package else None) or ():
        for path in sorted(Path(folder).rglob("*.py")):
            if _injects(path, name):
                return True
    return False


def _injects(path: Path, name: str) -> bool:
    try:
        text = path.read_bytes()
        if name.encode() not in text or (b"setattr(" not in text and b"sys.modules[" not in text):
            return False
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return False
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return any(_sets_on_module(node, imported) for node in ast.walk(tree))


def _sets_on_module(node: ast.AST, imported: set[str]) -> bool:
    match node:
        case ast.Call(ast.Name("setattr"), args=[holder, *_]):
            return _root(holder) in imported
        case ast.Assign(targets=[ast.Subscript(ast.Attribute(ast.Name("sys"), "modules"))]):
            return True
    return False


def _root(node: ast.expr) -> str:
    """The first name of ``a.b.c`` or ``getattr(a.b, c)``."""
    match node:
        case ast.Attribute(value) | ast.Call(ast.Name("getattr"), args=[value, *_]):
            return _root(value)
        case ast.Name(name):
            return name
    return ""
