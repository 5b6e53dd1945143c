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
    "atoms": {
        "atoms", "science", "models", "data", "plots", "checkpoint", "verbs", "keyvalue", "clock", "signals", "errors",
    },
}  # fmt: skip
LIGHT = {  # imported by the command line before any verb that needs torch
    "cli", "arguments_of", "keyvalue", "__init__", "__main__", "launch", "continuing", "config", "dotted",
    "overrides", "leftover", "groups", "listing", "completion", "interpolation", "check", "allow", "signature",
    "schema", "nearest", "errors", "record", "source", "sweeping", "signals", "given",
}  # fmt: skip
HEAVY = {"torch", "lightning", "numpy", "sklearn", "matplotlib", "wandb", "torchmetrics"}
ROOMS = sorted({path.relative_to(PACKAGE).parts[0] for path in FILES if path.parent != PACKAGE})
MAY_PRINT = {"cli.py", "launch.py", "sweeping.py", "run.py", "listing.py"}


def name(path: Path) -> str:
    """A file of the package, as the tests show it."""
    return path.relative_to(PACKAGE).as_posix()


def top(path: Path) -> str:
    """The room, or the file, right below the package."""
    return path.relative_to(PACKAGE).parts[0]


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
    assert MAY_IMPORT.keys() >= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_the_rooms_below_it(room):
    found = {name(path): ours(TREES[path]) - MAY_IMPORT[room] for path in FILES if top(path) == room}
    assert not {path: others for path, others in found.items() if others}


@pytest.mark.parametrize("room", [room for room in ROOMS if room in PURE])
def test_pure_rooms_know_neither_lightning_nor_hydra(room):
    foreign = {"lightning", "pytorch_lightning", "hydra", "omegaconf"}
    tops = {name(path): {m.partition(".")[0] for m in imports(TREES[path])} for path in FILES if top(path) == room}
    assert not {path: found & foreign for path, found in tops.items() if found & foreign}


def test_the_light_half_imports_nothing_heavy_at_its_top():
    for path in FILES:
        if top(path).removesuffix(".py") in LIGHT:
            modules = {module.partition(".")[0] for module in imports(TREES[path], everywhere=False)}
            assert not modules & HEAVY, path
            assert ours(TREES[path], everywhere=False) <= LIGHT | {"__version__"}, path


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


def test_files_and_functions_are_short():
    for path in FILES:
        assert len(path.read_text().splitlines()) <= 300, path
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 60, (path, node.name)


def test_no_asserts_no_prints_no_todo():
    for path in FILES:
        for node in ast.walk(TREES[path]):
            assert not isinstance(node, ast.Assert), (path, node.lineno)
            if path.name not in MAY_PRINT and isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", (path, node.lineno)
        assert "TODO" not in path.read_text(), path


def test_every_module_and_public_name_says_what_it_is():
    for path, tree in TREES.items():
        assert ast.get_docstring(tree) or not tree.body, path
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), (path, node.name)


def test_constructors_state_their_arguments():
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                assert node.args.kwarg is None, (path, node.lineno)


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
