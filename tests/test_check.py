"""Every mistake of a config is found and named; what is right passes; nothing that may not run is let in."""

import dataclasses
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsci.allow import refusal
from mlsci.check import ALLOWED, allowed, check, check_schema, inside
from mlsci.nearest import closest, nearest

SOURCE = """
from __future__ import annotations
import os
from typing import Any, Callable, Iterable, Literal, Optional, Sequence, Union
from pathlib import Path
from torch import Tensor, nn
from other_lib import Strange

Activation = Literal["relu", "gelu"]
Count = int | float
Size = Union[int, "tuple[int, int]"]

class Net:
    def __init__(
        self,
        *,
        width: int = 64,
        rate: float = 0.1,
        name: str = "net",
        flag: bool = False,
        maybe: int | None = None,
        old: Optional[float] = None,
        either: Union[int, str] = 1,
        mode: Literal["min", "max"] = "min",
        mixed: Literal["auto", 3, True] | None = None,
        activation: Activation = "relu",
        number: Count = 1,
        size: Size = 1,
        widths: list[int] = (),
        pair: tuple[float, float] = (0.9, 0.999),
        many: tuple[int, ...] = (),
        nested: Sequence[Sequence[int]] = (),
        bare: list = (),
        options: dict[str, int] | None = None,
        inner: nn.Module | None = None,
        weight: float | Tensor = 1.0,
        act: "Callable | str" = "relu",
        strange: Strange | int = 1,
        anything: Any = None,
        plain=1,
        path: Path | str = ".",
        wrong: int = 1e-8,
        implicit: int = None,
    ): ...

class Needs:
    def __init__(self, a: int, b: float = 1.0, *, c): ...

class Positional:
    def __init__(self, a: int, /, b: int = 1, *rest): ...

class Open:
    def __init__(self, a: int = 1, **kwargs): ...

class Nothing: ...

def function(x: int): ...

class _Private: ...
"""


@pytest.fixture(scope="module", autouse=True)
def lib(tmp_path_factory):
    """A package named `checked_lib` that nobody imports."""
    folder = tmp_path_factory.mktemp("lib")
    (folder / "checked_lib.py").write_text(SOURCE)
    (folder / "other_lib.py").write_text("class Strange: ...")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield
    assert "checked_lib" not in sys.modules


def found(name, /, **values):
    node = {"_target_": f"checked_lib.{name}", **values}
    return check({"net": node}, trust=["checked_lib"])


GOOD = [
    ("width", 3),
    ("rate", 1),
    ("rate", float("inf")),
    ("name", ""),
    ("flag", True),
    ("maybe", None),
    ("old", 1),
    ("old", None),
    ("either", "x"),
    ("mode", "max"),
    ("mixed", "auto"),
    ("mixed", 3),
    ("mixed", True),
    ("mixed", None),
    ("activation", "gelu"),
    ("number", 1.5),
    ("size", 3),
    ("size", [1, 2]),
    ("widths", [1, 2]),
    ("widths", []),
    ("widths", ["${x}", 1]),
    ("pair", [0, 1.0]),
    ("many", [1, 2, 3]),
    ("nested", [[1], []]),
    ("bare", [1, "a", None]),
    ("options", {"a": 1}),
    ("options", None),
    ("inner", {"_target_": "torch.nn.ReLU"}),
    ("inner", None),
    ("weight", 2),
    ("weight", {"_target_": "torch.nn.Parameter"}),
    ("act", "relu"),
    ("act", {"_target_": "checked_lib.function", "_partial_": True}),
    ("strange", "accepted"),
    ("anything", []),
    ("plain", {"x": [1]}),
    ("path", "x"),
    ("wrong", 1e-3),
    ("implicit", None),
    ("width", "${data.width}"),
    ("flag", "${x}"),
    ("widths", {"_target_": "checked_lib.Nothing"}),
]


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_a_right_value_passes(key, value):
    assert found("Net", **{key: value}) == []


BAD = [
    ("width", "big", "net.width: expected int, got 'big'"),
    ("width", 3.5, "net.width: expected int, got 3.5"),
    ("width", 1e5, "net.width: expected int, got 100000.0; write 100000"),
    ("width", True, "net.width: expected int, got True"),
    ("width", None, "net.width: expected int, got None"),
    ("width", "64", "net.width: expected int, got '64'; it is text, remove the quotes"),
    ("width", [64], "net.width: expected int, got [64]"),
    ("width", {"a": 1}, "net.width: expected int, got a mapping"),
    ("width", {"_target_": "checked_lib.Nothing"}, "net.width: expected int, got a checked_lib.Nothing"),
    ("rate", "1e-3", "net.rate: expected float, got '1e-3'; it is text, remove the quotes"),
    ("rate", False, "net.rate: expected float, got False"),
    ("name", 3, "net.name: expected str, got 3; write it in quotes"),
    ("flag", 1, "net.flag: expected bool, got 1"),
    ("flag", "yes", "net.flag: expected bool, got 'yes'"),
    ("maybe", "x", "net.maybe: expected int | None, got 'x'"),
    ("old", "x", "net.old: expected float | None, got 'x'"),
    ("either", 1.5, "net.either: expected int | str, got 1.5; write it in quotes"),
    ("mode", "mxa", "net.mode: expected one of 'min', 'max', got 'mxa'; did you mean 'max'?"),
    ("mode", 3, "net.mode: expected one of 'min', 'max', got 3"),
    ("mixed", "x", "net.mixed: expected one of 'auto', 3, True, None, got 'x'"),
    ("mixed", 1, "net.mixed: expected one of 'auto', 3, True, None, got 1"),
    (
        "activation",
        "gelo",
        "net.activation: expected one of 'relu', 'gelu', got 'gelo'; did you mean 'gelu'?",
    ),
    ("number", "x", "net.number: expected int | float, got 'x'"),
    ("size", [1, 2, 3], "net.size: expected 2 values, int | list[int, int], got 3: [1, 2, 3]"),
    ("size", "x", "net.size: expected int | list[int, int], got 'x'"),
    ("widths", [1, "a", 2.5], "net.widths[1]: expected int, got 'a'\nnet.widths[2]: expected int, got 2.5"),
    ("widths", 3, "net.widths: expected list[int], got 3"),
    ("widths", "abc", "net.widths: expected list[int], got 'abc'"),
    ("pair", [0.9], "net.pair: expected 2 values, list[float, float], got 1: [0.9]"),
    ("nested", [[1], ["a"]], "net.nested[1][0]: expected int, got 'a'"),
    ("options", 3, "net.options: expected dict | None, got 3"),
    ("options", [3], "net.options: expected dict | None, got [3]"),
    ("inner", "relu", "net.inner: expected Module | None, got 'relu'"),
    ("weight", "x", "net.weight: expected float | Tensor, got 'x'"),
    ("act", 3, "net.act: expected str | Callable, got 3; write it in quotes"),
    ("path", 3, "net.path: expected str, got 3; write it in quotes"),
    ("wrong", "x", "net.wrong: expected int | float, got 'x'"),
    ("implicit", "x", "net.implicit: expected int | None, got 'x'"),
]


@pytest.mark.parametrize(("key", "value", "message"), BAD)
def test_a_wrong_value_is_named(key, value, message):
    assert found("Net", **{key: value}) == message.split("\n")


def test_a_long_value_stays_on_one_short_line():
    (message,) = found("Net", width="a\nb" * 2000)
    assert "\n" not in message
    assert len(message) < 150


def test_an_unknown_key_names_the_nearest_and_all():
    (message,) = check({"optimizer": {"_target_": "torch.optim.AdamW", "_partial_": True, "weigth_decay": 0.1}})
    assert message.startswith(
        "optimizer.weigth_decay: AdamW takes no 'weigth_decay'; did you mean 'weight_decay'? It takes: "
    )
    (message,) = found("Nothing", x=1)
    assert message == "net.x: Nothing takes no 'x'. It takes nothing"
    (message,) = found("Net", zzzzzz=1)
    assert message.startswith("net.zzzzzz: Net takes no 'zzzzzz'. It takes: act, activation, anything, bare,")
    assert message.endswith(", …")
    (message,) = found("Nothing", _partail_=True)
    assert "did you mean '_partial_'?" in message


def test_an_open_target_takes_any_key_but_checks_the_ones_it_names():
    assert found("Open", whatever=1) == []
    assert found("Open", a="x") == ["net.a: expected int, got 'x'"]


def test_a_missing_argument_is_named_unless_partial():
    assert found("Needs") == ["net.a: Needs needs 'a' (int)", "net.c: Needs needs 'c'"]
    assert found("Needs", _partial_=True) == []
    assert found("Needs", _partial_="${x}") == []
    assert found("Needs", _args_=[1], c=2) == []
    assert found("Needs", a="${x}", c=1) == []
    assert found("Needs", a="???", c=1) == ["net.a: needs a value"]


def test_positional_arguments():
    assert found("Positional", _args_=[1, 2, 3]) == []
    assert found("Positional", _args_=["x"]) == ["net._args_[0]: expected int, got 'x'"]
    assert found("Needs", _args_=[1, 2.0, 3], c=1) == ["net._args_: Needs takes no more than 2, got 3"]
    assert found("Needs", _args_=[1], a=1, c=1) == ["net.a: given twice, here and in _args_"]
    assert found("Needs", _args_="${x}") == []
    assert found("Positional", _args_=3, b=1)[0] == "net._args_: expected a list, got 3"
    assert found("Positional", a=1)[0] == "net.a: Positional takes no 'a'. It takes: b"


def test_special_keys_are_typed():
    assert found("Nothing", _recursive_=False, _convert_="all", _partial_=False) == []
    assert found("Nothing", _recursive_=1) == ["net._recursive_: expected bool, got 1"]
    assert found("Nothing", _convert_="al") == [
        "net._convert_: expected one of 'none', 'partial', 'object', 'all', got 'al'; did you mean 'all'?"
    ]


def test_all_mistakes_come_at_once_with_full_keys():
    config = {
        "data": {"path": "???", "other": [{"_target_": "checked_lib.Net", "width": "x"}]},
        "model": {"_target_": "checked_lib.Needs", "a": {"_target_": "checked_lib.Nothing", "b": 1}, "c": 1},
    }
    assert check(config, trust=["checked_lib"]) == [
        "data.path: needs a value",
        "data.other[0].width: expected int, got 'x'",
        "model.a: expected int, got a checked_lib.Nothing",
        "model.a.b: Nothing takes no 'b'. It takes nothing",
    ]
    assert check([{"_target_": "torch.nn.ReLU", "x": 1}], path="here")[0].startswith("here[0].x: ReLU takes no 'x'")


def test_a_target_that_cannot_be_read_is_left_to_the_run():
    assert check({"_target_": "sklearn.neighbors.KDTree", "whatever": 1}) == []
    assert check({"_target_": "${choice}", "whatever": 1}) == []
    assert check({"_target_": "???"}) == ["_target_: needs a value"]
    assert check({"_target_": 3}) == ["_target_: expected a dotted name, got 3"]


REAL = {
    "torch.optim.AdamW": {"_partial_": True, "lr": 1e-3, "betas": [0.9, 0.999], "fused": None, "eps": 1e-8},
    "torch.optim.LBFGS": {"_partial_": True, "lr": 1, "max_iter": 20, "line_search_fn": "strong_wolfe"},
    "torch.optim.lr_scheduler.OneCycleLR": {
        "_partial_": True,
        "max_lr": [0.1, 0.2],
        "total_steps": "${steps:}",
    },
    "torch.nn.Conv2d": {"in_channels": 1, "out_channels": 2, "kernel_size": [3, 3], "padding": "same"},
    "torch.nn.CrossEntropyLoss": {"label_smoothing": 0.1, "weight": None},
    "torch.nn.LSTM": {"input_size": 1, "hidden_size": 2, "num_layers": 2},
    "lightning.Trainer": {
        "max_epochs": 3,
        "devices": [0, 1],
        "precision": "bf16-mixed",
        "strategy": "ddp",
        "logger": False,
        "limit_train_batches": 0.5,
        "gradient_clip_val": None,
        "callbacks": [],
        "profiler": "simple",
        "max_time": {"hours": 1},
        "num_sanity_val_steps": 0,
        "accelerator": "auto",
    },
    "lightning.pytorch.callbacks.ModelCheckpoint": {
        "monitor": "val/loss",
        "save_top_k": 1,
        "save_last": "link",
    },
    "lightning.pytorch.callbacks.EarlyStopping": {"monitor": "val/loss", "patience": 3, "min_delta": 0},
    "lightning.pytorch.loggers.WandbLogger": {
        "project": "x",
        "offline": True,
        "tags": ["a"],
        "save_dir": "runs",
    },
    "torchmetrics.classification.MulticlassAccuracy": {
        "num_classes": 10,
        "top_k": 5,
        "dist_sync_on_step": True,
    },
    "sklearn.ensemble.RandomForestRegressor": {"n_estimators": 10, "max_features": "sqrt", "max_depth": None},
    "e3nn.o3.Linear": {"irreps_in": "8x0e", "irreps_out": "8x0e"},
    "torch_geometric.nn.GCNConv": {"in_channels": -1, "out_channels": 8},
}


@pytest.mark.parametrize("target", REAL)
def test_what_people_write_passes(target):
    if find_spec(target.split(".")[0]) is None:
        pytest.skip("an optional package that is not installed")
    assert check({"x": {"_target_": target, **REAL[target]}}) == []


def test_mistakes_against_real_packages():
    config = {
        "optimizer": {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": "fast", "betas": [0.9, "x"]},
        "trainer": {"_target_": "lightning.Trainer", "precision": "bf16-mixd", "max_steps": 1e5},
        "loss": {"_target_": "torch.nn.CrossEntropyLos"},
    }
    messages = check(config)
    assert messages[:2] == [
        "optimizer.lr: expected float | Tensor, got 'fast'",
        "optimizer.betas[1]: expected float | Tensor, got 'x'",
    ]
    assert messages[2].startswith("trainer.precision: expected one of 64, 32, 16, ")
    assert messages[2].endswith("got 'bf16-mixd'; did you mean 'bf16-mixed'?")
    assert messages[3] == "trainer.max_steps: expected int, got 100000.0; write 100000"
    assert messages[4:] == [
        "loss._target_: torch.nn.CrossEntropyLos: no 'CrossEntropyLos' in torch.nn; did you mean 'CrossEntropyLoss'?"
    ]


@pytest.mark.parametrize(
    "target",
    [
        "torch.nn.Linear",
        "torch.optim.Adam",
        "torch.utils.data.DataLoader",
        "lightning.Trainer",
        "sklearn.svm.SVC",
        "lightning.pytorch.plugins.environments.SLURMEnvironment",
        "torchmetrics.MeanSquaredError",
    ],
)
def test_the_allow_list_lets_in(target):
    assert refusal(target) == ""
    assert allowed(target)


OUTSIDE = "is not in an allowed package"
REALLY = "is really"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("os.system", OUTSIDE),
        ("builtins.eval", OUTSIDE),
        ("subprocess.Popen", OUTSIDE),
        ("torch.load", OUTSIDE),
        ("torch.hub.load", OUTSIDE),
        ("torch", OUTSIDE),
        ("torch.nnx.Linear", OUTSIDE),
        ("lightning.TrainerX", "no 'TrainerX' in lightning"),
        ("lightning.fabric.Fabric", OUTSIDE),
        ("lightning.pytorch.cli.LightningCLI", OUTSIDE),
        ("hydra.utils.get_class", OUTSIDE),
        ("mlsci.run.main", OUTSIDE),
        ("mlsci.netz.MLP", "did you mean 'mlsci.nets.MLP'?"),
        ("torch.optim.adam.torch.load", REALLY),
        ("torch.optim.adam.cast", REALLY),
        ("torch.nn.modules.module.functools.partial", REALLY),
        ("torch.nn.modules.module.Any", REALLY),
        ("sklearn.base.warnings.warn", REALLY),
        ("sklearn.utils.parallel.joblib.load", REALLY),
        ("torch.nn.functional.relu", "is a function, expected a class"),
        ("torch.nn.Module.register_forward_hook", "is a function, expected a class"),
        ("lightning.pytorch.LightningModule.load_from_checkpoint", "is a function, expected a class"),
        ("sklearn.datasets.fetch_openml", "is a function, expected a class"),
        ("torch.nn.Module.__init__.__globals__", "goes through '__init__', which is private"),
        ("torch.nn.__builtins__", "private"),
        ("sklearn.svm._classes.SVC", "goes through '_classes', which is private"),
        ("", "is not a dotted name"),
        ("torch.nn..Linear", "is not a dotted name"),
        ("torch.nn.Linear()", "is not a dotted name"),
        ("lightening.Trainer", "did you mean 'lightning'?"),
    ],
)
def test_the_allow_list_keeps_out(target, reason):
    assert reason in refusal(target)
    assert not allowed(target)
    messages = check({"model": {"net": {"_target_": target, "anything": 1}}})
    assert len(messages) == 1
    assert messages[0].startswith("model.net._target_: ")


def test_our_own_packages_do_not_lend_what_they_import():
    for path in sorted((Path(__file__).parents[1] / "mlsci").glob("*/*.py")):
        room = f"mlsci.{path.parent.name}."
        if room in ALLOWED and "import os\n" in path.read_text():
            assert not allowed(f"{room}{path.stem}.os.system")


def test_trust():
    assert refusal("mypkg.Net") == (
        "'mypkg.Net' is not in an allowed package; add trust=[mypkg] to allow it (it will run code from that package)"
    )
    assert check({"n": {"_target_": "checked_lib.Nothing"}})[0].startswith("n._target_: 'checked_lib.Nothing' is not")
    assert allowed("checked_lib.Nothing", ["checked_lib"])
    assert allowed("checked_lib.Nothing", ["other", "checked_lib."])
    assert allowed("checked_lib.function", ["checked_lib"])
    assert not allowed("checked_lib.Nothing", ["checked"])
    assert not allowed("checked_lib.Nothing", ["", "checked_lib.Nothing.more"])
    assert not allowed("checked_lib._Private", ["checked_lib"])
    assert REALLY in refusal("checked_lib.os.system", ["checked_lib"])
    assert REALLY in refusal("checked_lib.Strange", ["checked_lib"])
    assert allowed("checked_lib.Strange", ["checked_lib", "other_lib"])
    assert "no 'Nothin' in checked_lib; did you mean 'Nothing'?" in refusal("checked_lib.Nothin", ["checked_lib"])


def test_places_of_definition():
    assert inside("sklearn.svm._classes.SVC")
    assert inside("lightning.fabric.plugins.environments.slurm.SLURMEnvironment")
    assert not inside("torch.serialization.load")
    assert not inside("mlsci.run.main")
    assert inside("mypkg.nets.Net", ["mypkg"])
    assert not inside("mypkgs.Net", ["mypkg"])


@dataclasses.dataclass
class Inner:
    name: str | None = None
    size: int = 1


@dataclasses.dataclass
class Schema:
    """A schema as the framework has one."""

    path: str
    seed: int = 0
    steps: int | Literal["auto"] = "auto"
    trust: list[str] = dataclasses.field(default_factory=list)
    inner: Inner = dataclasses.field(default_factory=Inner)
    other: Inner | None = None
    group: Any = None


def test_a_right_schema_passes():
    config = {
        "path": "x",
        "seed": 3,
        "steps": "auto",
        "trust": ["a"],
        "inner": {"name": None},
        "other": None,
        "group": {"a": 1},
    }
    assert check_schema(config, Schema) == []
    assert check_schema({"path": "${x}", "seed": "${y}", "inner": "${z}"}, Schema) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"seed": "abc"}, "seed: expected int, got 'abc'"),
        ({"seed": True}, "seed: expected int, got True"),
        ({"steps": "aut"}, "steps: expected int | 'auto', got 'aut'; did you mean 'auto'?"),
        ({"trust": "a"}, "trust: expected list[str], got 'a'"),
        ({"trust": [1]}, "trust[0]: expected str, got 1; write it in quotes"),
        (
            {"sede": 1},
            "sede: no such key; did you mean 'seed'? Known: group, inner, other, path, seed, steps, trust",
        ),
        (
            {"zzz": {"_target_": "a.B"}},
            "zzz: no such key. Known: group, inner, other, path, seed, steps, trust",
        ),
        ({"inner": {"nam": 1}}, "inner.nam: no such key; did you mean 'name'? Known: name, size"),
        ({"inner": {"size": "x"}}, "inner.size: expected int, got 'x'"),
        ({"other": {"size": "x"}}, "other.size: expected int, got 'x'"),
        ({"inner": 3}, "inner: expected a mapping, got 3"),
        ({"inner": None}, "inner: expected a mapping, got None"),
        ({"other": 3}, "other: expected a mapping | None, got 3"),
        ({"seed": "???"}, "seed: needs a value"),
    ],
)
def test_a_wrong_schema_is_named(config, message):
    assert check_schema({"path": "x", **config}, Schema) == [message]


def test_a_schema_field_without_default_is_needed():
    assert check_schema({}, Schema) == ["path: needs a value"]
    assert check_schema({}, Schema, "run") == ["run.path: needs a value"]


@pytest.mark.parametrize(
    ("word", "words", "hint"),
    [
        ("weigth_decay", ["weight_decay", "lr"], "; did you mean 'weight_decay'?"),
        ("Adma", ["Adam", "Adamax", "AdamW"], "; did you mean 'Adam'?"),
        ("mlp", ["MLP", "cnn"], "; did you mean 'MLP'?"),
        ("linear", ["Linear", "linear"], "; did you mean 'linear'?"),
        ("xyz", ["adam"], ""),
        ("a", [], ""),
        (3, ["x"], ""),
    ],
)
def test_nearest(word, words, hint):
    assert nearest(word, words) == hint


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=6))
def test_the_closest_is_one_of_the_words_and_itself_if_there(word, words):
    found = closest(word, words)
    assert found is None or found in words
    if word in words and word:
        assert closest(word, words) == word


def test_the_check_imports_no_target():
    script = """if True:
        import sys
        from mlsci.check import check
        print(check({"a": {"_target_": "torch.optim.Adam", "lr": 1}, "b": {"_target_": "lightning.Trainer"}}))
        print(sorted({"torch", "numpy", "lightning", "hydra", "omegaconf"} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("[\"a.params: Adam needs 'params'")
    assert second == "[]"


TARGETS = st.sampled_from(
    [
        "checked_lib.Net",
        "checked_lib.Needs",
        "checked_lib.Positional",
        "checked_lib.Open",
        "checked_lib.Nope",
        "a.b",
        "",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("???") | TARGETS
KEYS = (
    st.sampled_from(
        [
            "_target_",
            "_partial_",
            "_args_",
            "_convert_",
            "_recursive_",
            "width",
            "pair",
            "widths",
            "nested",
            "mode",
            "options",
            "act",
            "a",
            "b",
            "c",
        ]
    )
    | st.text(max_size=3)
    | st.integers()
)
CONFIGS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.builds(
            lambda node, target: {**node, "_target_": target},
            st.dictionaries(KEYS, inner, max_size=4),
            TARGETS,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(CONFIGS)
def test_nothing_breaks_it(config):
    for message in check({"root": config}, trust=["checked_lib"]):
        assert message.startswith("root")
        assert "\n" not in message
    for message in check_schema({"seed": config, "inner": config, "steps": config, "trust": config}, Schema):
        assert "\n" not in message


@settings(deadline=None)
@given(st.integers() | st.floats() | st.booleans() | st.none() | st.text().filter(lambda text: "${" not in text))
def test_an_int_is_wanted(value):
    fine = type(value) is int or value == "???"
    assert (found("Net", width=value) == []) == (fine and value != "???")
