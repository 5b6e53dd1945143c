"""From outside the repository: a net, a data set, an objective and an experiment, one .py and one .yaml each."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import mlsci
from mlsci import verbs
from mlsci.errors import ConfigError

FILES = {
    "mylab/__init__.py": '"""My laboratory."""\n',
    "mylab/nets.py": '''"""A net of my own."""

from torch import Tensor, nn


class Bilinear(nn.Module):
    """y = W2 (W1 x * W0 x)."""

    def __init__(self, *, in_features: int, out_features: int, rank: int = 8):
        super().__init__()
        self.left, self.right = nn.Linear(in_features, rank), nn.Linear(in_features, rank)
        self.out = nn.Linear(rank, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.left(x) * self.right(x))  # (B, out_features)
''',
    "mylab/data.py": '''"""Data of my own: y = x0 * x1."""

from dataclasses import dataclass

import numpy as np

from mlsci.data.spec import DataSpec
from mlsci.data.table import Table


@dataclass(kw_only=True, eq=False)
class Products(Table):
    """Pairs of numbers and their product."""

    samples: int = 200

    def arrays(self):
        x = np.random.default_rng(0).uniform(-1, 1, (self.samples, 2))
        return x, x.prod(1, keepdims=True)

    def shapes(self):
        return DataSpec(inputs=(2,), targets=(1,), input_names=("a", "b"), target_names=("ab",))
''',
    "mylab/models.py": '''"""An objective of my own."""

from torch import Tensor

from mlsci.models.supervised import Supervised


class Damped(Supervised):
    """The supervised loss and a small penalty on the outputs, logged beside it."""

    def __init__(self, *, net, criterion, metrics=None, targets=None, inputs=None, damping: float = 0.0):
        super().__init__(net=net, criterion=criterion, metrics=metrics, targets=targets, inputs=inputs)
        self.damping = damping

    def loss(self, batch) -> tuple[Tensor, dict[str, Tensor]]:
        loss, scalars = super().loss(batch)
        size = self.outputs(batch[0]).square().mean()
        return loss + self.damping * size, {**scalars, "size": size}
''',
    "conf/net/mynet.yaml": """# Bilinear.
_target_: mylab.nets.Bilinear
in_features: ${spec:in_features}
out_features: ${spec:out_features}
rank: 8
""",
    "conf/data/mydata.yaml": """# Products of two numbers.
defaults:
  - base
  - override /objective@_global_.objective: regression
  - _self_
_target_: mylab.data.Products
samples: 200
""",
    "conf/model/mymodel.yaml": """# Damped least squares.
_target_: mylab.models.Damped
net: ${net}
criterion: ${objective.loss}
metrics: ${objective.metrics}
targets: ${objective.scaling}
damping: 0.001
""",
    "conf/experiment/mylab/first.yaml": """# @package _global_
# My first experiment.
defaults:
  - override /data: mydata
  - override /net: mynet
  - override /model: mymodel
optimizer:
  lr: 3e-2
trainer:
  max_epochs: 30
reference:
  metric: test/rmse
  value: 0.1
  better: lower
  source: exact
""",
}
FIRST = ["experiment=mylab/first", "logger=none"]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a user's own, which is the working directory."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "mylab"]:
        monkeypatch.delitem(sys.modules, name)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "mylab"]:
        del sys.modules[name]


def test_an_experiment_of_ones_own_runs_from_the_command_line(lab, run_cli):
    arguments = ["train", "--config-dir", "conf", *FIRST, "trust=[mylab]", "run.name=a", "figures={}"]
    answer = run_cli(arguments, lab)
    assert answer.code == 0, answer.err
    folder = lab / "runs" / "mylab" / "first" / "a"
    (row,) = json.loads((folder / "metrics.json").read_text())["comparison"]
    assert row["metric"] == "test/rmse"
    assert row["reached"]
    assert row["ours"] < 0.1
    assert "exact" in answer.out


def test_without_trust_it_is_refused_and_the_flag_named(lab, run_here):
    answer = run_here(["train", "--config-dir", "conf", *FIRST], lab)
    assert answer.code == 2
    assert answer.err.count("add trust=[mylab] to allow it") == len(answer.errors) == 3
    for target in ("mylab.nets.Bilinear", "mylab.data.Products", "mylab.models.Damped"):
        assert answer.err.count(target) == 1
    assert not (lab / "runs").exists()


def test_everything_works_from_configs_in_the_working_directory(lab, tmp_path):
    (lab / "conf").rename(lab / "configs")
    result = mlsci.train([*FIRST, "trust=[mylab]", "trainer.max_epochs=2", "figures={}", "run.name=b"])
    assert result.folder.resolve() == lab / "runs" / "mylab" / "first" / "b"
    best = result.folder / "checkpoints" / "best.ckpt"

    recorded = {name: value for name, value in result.metrics.items() if name.startswith("test/")}
    assert verbs.evaluate(best, trust=["mylab"]) == recorded
    assert verbs.evaluate(best, trust=["mylab"], overrides=["data.samples=300"]) != recorded

    (tmp_path / "in.csv").write_text("b,a\n0.5,0.25\n")
    out = verbs.predict(best, tmp_path / "in.csv", out=tmp_path / "out.csv", trust=["mylab"])
    with torch.no_grad():
        expected = float(result.model.predict(torch.tensor([[0.25, 0.5]])))
    header, value = out.read_text().split()
    assert header == "ab"
    assert float(value) == pytest.approx(expected, rel=1e-5)
    assert verbs.export(best, to="pt2", trust=["mylab"]).is_file()


def test_a_run_of_ones_own_is_continued_with_more_epochs(lab):
    from mlsci.continuing import make_ready
    from mlsci.record import RunFolder
    from mlsci.run import run

    (lab / "conf").rename(lab / "configs")
    result = mlsci.train([*FIRST, "trust=[mylab]", "trainer.max_epochs=1", "figures={}", "run.name=c"])
    folder = RunFolder(result.folder)
    make_ready(folder, ["trainer.max_epochs=2"])
    assert run(folder).metrics["val/loss"] < result.metrics["val/loss"]


def test_a_mistake_in_ones_own_files_is_found_before_the_run(lab):
    (lab / "conf").rename(lab / "configs")
    with pytest.raises(ConfigError) as caught:
        mlsci.train([*FIRST, "trust=[mylab]", "+net.rnak=3", "data.samples=many", "model.damping=no"])
    keys = sorted(message.partition(":")[0] for message in caught.value.messages)
    assert keys == ["data.samples", "model.damping", "net.rnak"]
    assert "did you mean 'rank'?" in str(caught.value)
    assert not (lab / "runs").exists()


def test_ones_own_net_works_with_our_data_and_our_net_with_ones_own_data(lab):
    options = ["logger=none", "figures={}", "debug=fast", "trust=[mylab]"]
    one = mlsci.train(["data=diabetes", "net=mynet", *options, "run.dir=one"], config_dirs=["conf"])
    two = mlsci.train(["data=mydata", "net=mlp", *options, "run.dir=two"], config_dirs=["conf"])
    assert np.isfinite([*one.metrics.values(), *two.metrics.values()]).all()


def test_the_choices_of_ones_own_are_listed(lab, capsys):
    from mlsci.listing import find_choice, show_list

    show_list("experiment", config_dirs=["conf"])
    listed = capsys.readouterr().out
    assert "mylab/first" in listed
    assert "My first experiment." in " ".join(listed.split())
    assert find_choice("net/mynet", ["conf"]) == lab / "conf" / "net" / "mynet.yaml"
