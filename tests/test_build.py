"""Objects of a config: what is called with what, and errors that name the key and the user's own line."""

import functools
import sys

import pytest
import torch

from mlsci.build import instantiate, locate
from mlsci.errors import ConfigError

SOURCE = '''"""Classes for these tests."""


class Holder:
    """Keeps what it is given."""

    def __init__(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs


class Broken:
    """Cannot be made."""

    def __init__(self, *, size=1):
        raise KeyError(size)


def double(x=1):
    """Twice."""
    return 2 * x


NUMBER = 3
'''


@pytest.fixture
def own(tmp_path, monkeypatch) -> str:
    """An importable module of a user's own."""
    (tmp_path / "own_things.py").write_text(SOURCE)
    (tmp_path / "own_broken.py").write_text("import nothing_of_this_name\n\nclass Thing: ...\n")
    (tmp_path / "own_failing.py").write_text("class Thing: ...\n\nraise RuntimeError('at import')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("own_things", "own_broken", "own_failing"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "own_things"


def complaint(node, **options) -> str:
    """What is wrong with a node at the key `net`."""
    with pytest.raises(ConfigError) as caught:
        instantiate(node, path="net", **options)
    return str(caught.value)


def test_plain_values_stay_and_containers_are_copied():
    node = {"a": [1, "x", None, {"b": 2.5}], "c": True}
    found = instantiate(node)
    assert found == node
    assert found is not node


def test_inner_objects_are_built_first(own):
    inner = {"_target_": "own_things.Holder", "x": 1}
    found = instantiate({"_target_": "own_things.Holder", "_args_": [inner, 2], "named": [inner]}, trust=[own])
    assert found.args[0].kwargs == {"x": 1}
    assert found.args[1] == 2
    assert found.kwargs["named"][0].kwargs == {"x": 1}


def test_a_partial_waits_for_the_rest():
    make = instantiate({"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.5})
    assert isinstance(make, functools.partial)
    assert make([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]["lr"] == 0.5


def test_further_arguments_are_for_the_outermost_target(own):
    node = {"_target_": "own_things.Holder", "inner": {"_target_": "own_things.Holder"}}
    found = instantiate(node, trust=[own], extra=7)
    assert found.kwargs["extra"] == 7
    assert found.kwargs["inner"].kwargs == {}


def test_functions_of_a_trusted_package_may_be_called(own):
    assert instantiate({"_target_": "own_things.double", "x": 4}, trust=[own]) == 8


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("own_things.Holder", r"add trust=\[own_things\] to allow it"),
        ("os.system", r"add trust=\[os\] to allow it"),
        ("torch.nn.functional.relu", "is a function, expected a class"),
        ("torch.nn.Lineer", "did you mean 'Linear'?"),
        ("mlsci.nets.mpl.MLP", "did you mean 'mlp'?"),
        ("torch.nn.modules", "is a module, expected a class"),
    ],
)
def test_a_target_that_may_not_run_or_is_not_there(target, words):
    with pytest.raises(ConfigError, match=rf"net\._target_: .*{words}"):
        locate(target, path="net")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("own_things.Holdr", "did you mean 'Holder'?"),
        ("own_things.NUMBER", "is a int, expected a class"),
        ("own_broken.Thing", "nothing_of_this_name"),
        ("own_failing.Thing", "at import"),
    ],
)
def test_a_target_of_ones_own_that_cannot_be_had(own, target, words):
    message = complaint({"_target_": target}, trust=["own_things", "own_broken", "own_failing"])
    assert message.startswith("net._target_: ")
    assert words in message
    assert "\n" not in message


def test_an_error_in_a_constructor_names_key_target_and_line(own, tmp_path):
    message = complaint({"a": [{"_target_": "own_things.Broken", "size": 5}]}, trust=[own])
    line = SOURCE.splitlines().index("        raise KeyError(size)") + 1
    assert message == f"net.a[0]: Broken: KeyError: 5 ({tmp_path / 'own_things.py'}:{line}, in __init__)"


def test_an_error_in_our_own_code_names_no_frame():
    message = complaint({"_target_": "mlsci.nets.mlp.MLP", "in_features": 3, "out_features": 1, "layers": 0})
    assert message.startswith("net: MLP")
    assert ".py:" not in message


def test_the_first_error_is_kept_as_the_cause(own, monkeypatch):
    with pytest.raises(ConfigError) as caught:
        instantiate({"_target_": "own_things.Broken"}, trust=[own])
    assert isinstance(caught.value.__cause__, KeyError)
    monkeypatch.setenv("MLSCI_TRACEBACK", "1")
    with pytest.raises(KeyError):
        instantiate({"_target_": "own_things.Broken"}, trust=[own])


@pytest.mark.parametrize("target", [3, None, ["a"], ""])
def test_a_target_that_is_no_name(target):
    assert complaint({"_target_": target}).startswith("net._target_: ")


def test_a_key_that_is_an_argument_of_our_own_function_stays_an_argument(own):
    found = instantiate({"_target_": "own_things.Holder", "path": 1, "trust": 2, "node": 3}, trust=[own])
    assert found.kwargs == {"path": 1, "trust": 2, "node": 3}
