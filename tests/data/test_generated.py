"""Computed files: one name for one recipe, another for every other, and nothing computed twice."""

import time
import types

import numpy as np
import pytest

from mlsci.data.generated import Recipe, in_threads, instructions
from mlsci.errors import DownloadError
from mlsci.science.operators import darcy


def module(source: str, folder, name: str) -> types.ModuleType:
    """A module with a source file."""
    import importlib.util

    path = folder / f"{name}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(name, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_comments_docstrings_and_layout_do_not_count_and_instructions_do(tmp_path):
    documented = module('def f(x):\n    """Adds one."""\n    return x + 1\n', tmp_path, "documented")
    differently = module(
        '"""Doc."""\ndef f(x):\n    """Adds 1."""\n\n    return (x + 1)  # so\n', tmp_path, "differently"
    )
    other = module('def f(x):\n    """Adds one."""\n    return x + 2\n', tmp_path, "other")
    assert instructions(documented) == instructions(differently).removeprefix("pass\n\n")
    assert instructions(documented) != instructions(other)


def recipe(calls: list, **settings) -> Recipe:
    def make() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"a": np.arange(3)}

    return Recipe(name="room/thing", settings=settings, code=(darcy,), make=make)


def test_what_is_there_is_not_computed_again(tmp_path, monkeypatch):
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    calls: list = []
    for _ in range(2):
        recipe(calls, seed=0).prepare(None)
    assert len(calls) == 1
    np.testing.assert_array_equal(recipe(calls, seed=0).load(None)["a"], [0, 1, 2])
    recipe(calls, seed=1).prepare(None)
    assert len(calls) == 2
    assert len(list((tmp_path / "room").iterdir())) == 2
    assert recipe(calls, seed=1).file.startswith("room/thing_")


def test_a_folder_of_ones_own_is_never_computed_into(tmp_path):
    with pytest.raises(DownloadError, match=r"data\.files: .*no such file; data\.files=null computes it"):
        recipe([], seed=0).prepare(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_work_in_threads_keeps_the_order_and_draws_in_turn():
    drawn = []

    def items():
        for item in range(20):
            drawn.append(item)
            yield item

    slow_first = {0: 0.05}
    found = list(in_threads(lambda item: (time.sleep(slow_first.get(item, 0)), item * item)[1], items()))
    assert found == [item * item for item in range(20)]
    assert drawn == list(range(20))


def test_work_in_threads_raises_what_it_raised():
    with pytest.raises(DownloadError, match="third"):
        list(in_threads(lambda item: refuse("third") if item == 2 else item, range(9)))


def refuse(what: str) -> None:
    raise DownloadError(what)
