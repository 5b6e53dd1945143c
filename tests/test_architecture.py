"""The house rules that a machine can hold: who imports whom, and how long files and functions may be."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "mlsci"
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in FILES}
PURE = ("nets", "science", "symbolic", "plots", "metrics", "optim")
# The rooms, and which of our modules each of them may import (a name stands for all below it).
MAY_IMPORT = {
    "nets": {"nets", "errors"},
    "science": {"science", "errors", "nearest"},
    "symbolic": {"symbolic", "errors"},
    "metrics": {"metrics", "errors"},
    "optim": {"optim", "errors"},
    "plots": {"plots", "errors"},
    "data": {"data", "science", "errors", "nearest"},
    "models": {"models", "nets", "science", "optim", "symbolic", "metrics", "data", "errors"},
    "callbacks": {"callbacks", "plots", "metrics", "checkpoint", "data", "models", "errors"},
    "loggers": {"loggers", "errors"},
    "source": {"source", "nearest", "errors"},
    "atoms": {"atoms", "science", "models", "data", "plots", "checkpoint", "verbs", "keyvalue", "clock", "errors"},
}
LIGHT = {  # imported by the command line before any verb that needs torch
    "cli", "arguments_of", "keyvalue", "__init__", "__main__", "launch", "continuing", "config", "dotted",
    "overrides", "leftover", "groups", "listing", "completion", "interpolation", "check", "allow", "signature",
    "schema", "nearest", "errors", "record", "source",
}  # fmt: skip
HEAVY = {"torch", "lightning", "numpy", "sklearn", "matplotlib", "wandb", "torchmetrics"}
MAY_PRINT = {"cli.py", "launch.py", "run.py", "listing.py"}


def name(path: Path) -> str:
    """A file of the package, as the tests show it."""
    return path.relative_to(PACKAGE).as_posix()


def imports(tree: ast.AST, *, everywhere: bool = True) -> Iterator[str]:
    """The modules that are imported when the code runs; with `everywhere` also those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node, everywhere=everywhere)


def ours(tree: ast.AST, *, everywhere: bool = True) -> set[str]:
    """The rooms or modules of mlsci that are imported."""
    found = [module.split(".") for module in imports(tree, everywhere=everywhere)]
    return {parts[1] for parts in found if parts[0] == "mlsci" and len(parts) > 1}


def test_the_import_reader_sees_what_runs_and_not_what_is_for_types():
    tree = ast.parse(
        "import a.b\nfrom mlsci import c\nif TYPE_CHECKING:\n    import no\ndef f():\n    from mlsci.d import e\n"
    )
    assert set(imports(tree)) == {"a.b", "mlsci.c", "mlsci.d.e"}
    assert ours(tree, everywhere=False) == {"c"}


def test_every_room_is_known():
    rooms = {path.relative_to(PACKAGE).parts[0] for path in FILES if path.parent != PACKAGE}
    assert rooms <= MAY_IMPORT.keys()


@pytest.mark.parametrize("path", [p for p in FILES if p.parent != PACKAGE], ids=name)
def test_a_room_imports_only_from_the_rooms_below_it(path):
    assert ours(TREES[path]) <= MAY_IMPORT[path.relative_to(PACKAGE).parts[0]]


@pytest.mark.parametrize("path", [p for p in FILES if p.relative_to(PACKAGE).parts[0] in PURE], ids=name)
def test_pure_rooms_know_neither_lightning_nor_hydra(path):
    tops = {module.partition(".")[0] for module in imports(TREES[path])}
    assert not tops & {"lightning", "pytorch_lightning", "hydra", "omegaconf"}


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.relative_to(PACKAGE).parts[0].removesuffix(".py") in LIGHT], ids=name
)
def test_the_light_half_imports_nothing_heavy_at_its_top(path):
    top = list(imports(TREES[path], everywhere=False))
    assert not {module.partition(".")[0] for module in top} & HEAVY
    assert ours(TREES[path], everywhere=False) <= LIGHT | {"__version__"}


def test_no_import_circle():
    graph = {}
    for path, tree in TREES.items():
        module = ".".join(("mlsci", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        graph[module] = {m for m in imports(tree, everywhere=False) if m.startswith("mlsci")}
    edges = {module: {t if t in graph else t.rpartition(".")[0] for t in targets} for module, targets in graph.items()}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join((*above, module))
        if module not in done:
            for target in edges.get(module, set()) - {module, "mlsci"}:
                visit(target, (*above, module))
            done.add(module)

    for module in edges:
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_and_functions_are_short(path):
    assert len(path.read_text().splitlines()) <= 300
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_asserts_no_prints_no_todo(path):
    for node in ast.walk(TREES[path]):
        assert not isinstance(node, ast.Assert), node.lineno
        if path.name not in MAY_PRINT and isinstance(node, ast.Call):
            assert ast.unparse(node.func) != "print", node.lineno
    assert "TODO" not in path.read_text()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_module_and_public_name_says_what_it_is(path):
    tree = TREES[path]
    assert ast.get_docstring(tree) or not tree.body
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", FILES, ids=name)
def test_constructors_state_their_arguments(path):
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            assert node.args.kwarg is None, node.lineno


def test_importing_mlsci_imports_nothing_heavy():
    code = f"import sys, mlsci; print(sorted({HEAVY!r} & set(sys.modules)), mlsci.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] 0.")


def test_mlsci_offers_train_and_load_and_nothing_unknown():
    import mlsci

    assert callable(mlsci.train)
    assert callable(mlsci.load)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = mlsci.trian
