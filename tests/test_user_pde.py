"""An equation of the user's own, trained by its dotted name: `pde=my.module.MyPDE`."""

import sys
from pathlib import Path

import pytest
import yaml

from mlsci import cli, dotted
from mlsci.errors import ConfigError

HEAT = '''"""A bar that cools down."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from mlsci.science.pde import PDE, Dirichlet, Initial, Reference


@dataclass(kw_only=True, eq=False)
class Bar(PDE):
    """u_t = nu u_xx, u = 0 at both ends."""

    nu: float = 0.1
    coordinates = {"x": (0.0, 1.0), "t": (0.0, 1.0)}

    def residual(self, f, p):
        return f.u_t - p.nu * f.u_xx

    def initial(self, c):
        return torch.sin(math.pi * c.x)

    def conditions(self):
        return [Initial(u=self.initial), *(Dirichlet(at={"x": x}, u=0.0) for x in (0.0, 1.0))]

    def reference(self):
        x, t = np.linspace(0, 1, 21), np.linspace(0, 1, 11)
        u = np.sin(math.pi * x)[:, None] * np.exp(-self.nu * math.pi**2 * t)
        return Reference.on_grid({"x": x, "t": t}, u[..., None], self_error=0.0, source="closed form")


class NotAnEquation:
    """Something else."""


def bar():
    """A function."""
'''
CALM = ["threads=1", "logger=none", "figures=null", "net.hidden=5", "sampler.points=50", "model.held_out=50"]


@pytest.fixture
def project(tmp_path, monkeypatch, request) -> str:
    """A package in the current folder, with a name of its own for each test; gives the name."""
    name = f"bars_{abs(hash(request.node.name)) % 10**8}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / name / "cooling.py").write_text(HEAT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    return name


def command(capsys, *words: str) -> tuple[int, str, str]:
    """Exit code, stderr and stdout of a command in this process."""
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    written = capsys.readouterr()
    return int(ended.value.code or 0), written.err, written.out


def test_it_trains_and_is_evaluated_by_its_name(project, run_here, capsys):
    words = ["model=pinn", f"pde={project}.cooling.Bar", "pde.nu=0.2", "debug=fast", "run.dir=run", *CALM]
    done = run_here(["train", *words], Path.cwd())
    assert done.code == 0, done.err
    assert "test/error" in done.out
    config = yaml.safe_load(Path("run/config.yaml").read_text())
    assert config["trust"] == [f"{project}.cooling"]
    assert config["pde"] == {"_target_": f"{project}.cooling.Bar", "nu": 0.2}
    best = "run/checkpoints/best.ckpt"
    code, _, out = command(capsys, "evaluate", best, "--trust", project)
    assert code == 0
    values = ["test/loss", "test/error", "test/reference_error", "test/train_cpu_seconds"]
    assert [line.split()[0] for line in out.splitlines()][-4:] == values
    code, err, _ = command(capsys, "evaluate", best)
    assert code == 1
    assert "--trust PACKAGE" in err


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.Bar", "no package 'nowhere' is installed"),
        ("{0}.heating.Bar", "no module 'heating' in {0}"),
        ("{0}.cooling.Bat", "no 'Bat' in {0}.cooling; did you mean 'Bar'?"),
        ("{0}.cooling", "is a module, expected a class in it"),
        ("{0}.cooling.NotAnEquation", "is no PDE, a class derived from mlsci.science.pde.base.PDE"),
        ("{0}.cooling.bar", "is no PDE"),
        ("pathlib.Path", "is no PDE"),
    ],
)
def test_what_is_no_equation_is_refused_before_a_folder_is_made(project, capsys, path, message):
    code, err, _ = command(capsys, "train", "model=pinn", f"pde={path.format(project)}")
    assert code == 2
    assert f"mlsci: error: pde={path.format(project)}: {message.format(project)}" in err
    assert [entry.name for entry in Path.cwd().iterdir()] == [project]


def test_a_coefficient_that_it_does_not_have_is_named_once(project, capsys):
    code, err, _ = command(capsys, "check", "model=pinn", f"pde={project}.cooling.Bar", "pde.mu=0.2")
    assert code == 2
    assert err.splitlines() == ["mlsci: error: pde.mu: Bar takes no 'mu'. It takes: nu"]


def test_a_sweep_over_coefficients_and_equations(project, capsys):
    bar = f"{project}.cooling.Bar"
    assert command(capsys, "check", "-m", "model=pinn", f"pde={bar}", "pde.nu=0.1,0.2")[0] == 0
    assert command(capsys, "check", "-m", "model=pinn", f"pde={bar},mlsci.science.pde.heat.Heat")[0] == 0
    code, err, _ = command(capsys, "check", "-m", "model=pinn", f"pde={bar},burgers")
    assert code == 2
    assert "need two sweeps" in err


BAR = "{0}.cooling.Bar"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["pde=burgers", "seed=1"], ["pde=burgers", "seed=1"]),
        (["pde=user", "pde._target_=a.B"], ["pde=user", "pde._target_=a.B"]),
        (["optimizer.lr=1e-3", "net=a.B"], ["optimizer.lr=1e-3", "net=a.B"]),  # a choice of net, and no such one
        (["run.dir=a.b", "run.name=x.y"], ["run.dir=a.b", "run.name=x.y"]),
        (
            [f"pde={BAR}", "pde.nu=1", "seed=2"],
            ["pde=user", f"++pde._target_={BAR}", "++pde.nu=1", "seed=2", "trust=[{0}.cooling]"],
        ),
        (
            ["trust=[one, two]", "pde=burgers", f"pde={BAR}"],
            ["pde=user", f"++pde._target_={BAR}", "trust=[one,two,{0}.cooling]"],
        ),
        (
            ["pde=mlsci.science.pde.heat.Heat"],
            ["pde=user", "++pde._target_=mlsci.science.pde.heat.Heat"],  # ours needs no trust
        ),
        (
            [f"pde={BAR}", "trust=wrong"],  # the check says what is wrong with it
            ["pde=user", f"++pde._target_={BAR}", "trust=wrong"],
        ),
    ],
)
def test_overrides_are_rewritten(project, given, expected):
    filled = [text.format(project) for text in given]
    assert dotted.rewrite(filled) == [text.format(project) for text in expected]
    assert dotted.rewrite(dotted.rewrite(filled)) == dotted.rewrite(filled)


def test_what_an_experiment_trusts_stays_trusted(project):
    folder = Path("settings/experiment")
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("# @package _global_\ntrust: [mylab]\n")
    found = dotted.rewrite(["experiment=mine", f"pde={project}.cooling.Bar"], ["settings"])
    assert found[-1] == f"trust=[mylab,{project}.cooling]"


def test_python_takes_the_same_overrides(project):
    import mlsci

    with pytest.raises(ConfigError, match="is no PDE"):
        mlsci.train(["model=pinn", f"pde={project}.cooling.NotAnEquation"])
