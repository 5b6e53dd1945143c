"""Physics-informed nets from the config to the result: they learn, they resume, they say what is wrong."""

import math
import signal
import time
import warnings
from pathlib import Path

import pytest
import torch

import mlsci
from mlsci import checkpoint
from mlsci.errors import ConfigError, Interrupted, NonFiniteLoss
from mlsci.job import Job
from mlsci.loggers.csv import CSV
from mlsci.models.pinn import PINN
from mlsci.record import RunFolder
from mlsci.run import run

PROBLEMS = '''
import math
from dataclasses import dataclass, field

import numpy as np
import torch

from mlsci.science.pde import PDE, Coefficient, Dirichlet, Initial, Learn, Observations, Reference


@dataclass(kw_only=True, eq=False)
class Poisson(PDE):
    """u_xx = -π² sin(πx), u = 0 at both ends."""

    strength: Coefficient = 1.0
    coordinates = {"x": (0.0, 1.0)}

    def residual(self, f, p):
        return (f.u_xx + p.strength * math.pi**2 * torch.sin(math.pi * f.x)) / 10

    def conditions(self):
        return [Dirichlet(u=0.0, hard=True)]

    def ansatz(self, n, c):
        return c.x * (1 - c.x) * n.u

    def reference(self):
        x = np.linspace(0, 1, 101)
        return Reference.on_grid({"x": x}, np.sin(np.pi * x)[:, None], self_error=0.0, source="closed form")


@dataclass(kw_only=True, eq=False)
class Decay(PDE):
    """u_t = -k u from noisy values of exp(-2t), k and u(0) unknown."""

    k: Coefficient = field(default_factory=lambda: Learn(initial=1.0, truth=2.0))
    noise: float = 0.02
    seed: int = 0
    coordinates = {"t": (0.0, 1.0)}

    def residual(self, f, p):
        return f.u_t + p.k * f.u

    def conditions(self):
        t = torch.linspace(0, 1, 60, dtype=torch.float64)
        errors = torch.randn(60, generator=torch.Generator().manual_seed(self.seed), dtype=torch.float64)
        return [Observations(points=t[:, None], values={"u": torch.exp(-2 * t) + self.noise * errors})]


@dataclass(kw_only=True, eq=False)
class Rotation(PDE):
    """u_t = w v, v_t = -w u from (0, 1): two turns."""

    w: float = 2 * math.pi
    coordinates = {"t": (0.0, 2.0)}
    fields = ("u", "v")

    def residual(self, f, p):
        return f.u_t - p.w * f.v, f.v_t + p.w * f.u

    def initial(self, c):
        return 0.0, 1.0

    def conditions(self):
        return [Initial(u=0.0, v=1.0)]

    def reference(self):
        t = np.linspace(0, 2, 81)
        values = np.stack([np.sin(self.w * t), np.cos(self.w * t)], axis=1)
        return Reference.on_grid({"t": t}, values, self_error=0.0, source="closed form")

    def invariants(self):
        return {"energy": lambda f, p: f.u**2 + f.v**2}


class Doomed(Poisson):
    """NaN from the sixtieth time on that somebody asks."""

    asked = 0

    def residual(self, f, p):
        Doomed.asked += 1
        return super().residual(f, p) * (math.nan if Doomed.asked > 60 else 1.0)


class Free(Poisson):
    """Nothing is said of the ends."""

    def conditions(self):
        return []


class Unseen(Decay):
    """Something to learn, and nothing to learn it from."""

    def conditions(self):
        return [Initial(u=1.0, hard=False)]
'''


@pytest.fixture(autouse=True)
def problems(tmp_path_factory, monkeypatch):
    """A module of equations, as a user would write it."""
    folder = tmp_path_factory.getbasetemp() / "problems"
    folder.mkdir(exist_ok=True)
    (folder / "pinn_problems.py").write_text(PROBLEMS)
    monkeypatch.syspath_prepend(str(folder))


SMALL = ["model=pinn", "net.hidden=6", "net.layers=1", "sampler.points=40", "sampler.every=5", "model.held_out=100"]
QUIET = ["threads=1", "logger=none", "callbacks=checkpoint", "figures=null"]


def train(folder: Path, pde: str, *more: str):
    """A run of a small net on one of the problems."""
    return mlsci.train([f"pde=pinn_problems.{pde}", *SMALL, *QUIET, f"run.dir={folder}", *more])


METHODS = {
    "levenberg_marquardt": ["trainer.max_epochs=6"],
    "levenberg_marquardt, soft": ["trainer.max_epochs=12", "constraint=soft"],
    "soap": ["optimizer=soap", "optimizer.lr=3e-2", "trainer.max_epochs=60"],
    "soap, nested": ["optimizer=soap", "optimizer.lr=3e-2", "trainer.max_epochs=60", "derivative=nested"],
    "adam_lbfgs": ["optimizer=adam_lbfgs", "optimizer.lr=1e-2", "optimizer.adam_steps=50", "trainer.max_epochs=40"],
    "self_scaled_broyden": ["optimizer=self_scaled_broyden", "trainer.max_epochs=20", "sampler.every=5"],
}
BOUNDS = {"levenberg_marquardt": 1e-5, "levenberg_marquardt, soft": 1e-4, "adam_lbfgs": 2e-3, "soap, nested": 3e-2}


@pytest.mark.parametrize("name", METHODS)
def test_a_small_poisson_problem(tmp_path, name):
    found = train(tmp_path / "run", "Poisson", *METHODS[name]).metrics
    assert found["test/error"] < BOUNDS.get(name, 1e-2)
    assert found["test/reference_error"] == 0.0
    assert found["test/train_cpu_seconds"] > 0
    assert found["val/loss"] == found["test/loss"]


@pytest.mark.parametrize("net", ["modified_mlp", "pirate", "kan"])
def test_other_nets_learn_by_the_jacobian_too(tmp_path, net):
    shape = {"kan": ["net.degree=3"], "pirate": ["net.alpha=0.5"]}.get(net, [])
    small = [entry for entry in SMALL if not entry.startswith("net.")]
    layers = 2 if net == "modified_mlp" else 1
    settings = [f"net={net}", "net.hidden=6", f"net.layers={layers}", *shape, "init=none", "trainer.max_epochs=6"]
    place = f"run.dir={tmp_path / 'run'}"
    found = mlsci.train(["pde=pinn_problems.Poisson", *small, *QUIET, place, *settings])
    assert found.metrics["test/error"] < 2e-3


def test_the_model_answers_and_its_residual_is_small(tmp_path):
    model = train(tmp_path / "run", "Poisson", "trainer.max_epochs=6").model
    x = torch.linspace(0, 1, 11)[:, None]  # float32, as from a file
    assert isinstance(model, PINN)
    expected = torch.sin(math.pi * x.double())
    torch.testing.assert_close(model.predict(x).detach(), expected, rtol=0, atol=1e-4)
    assert model.extras(x.double())["residual"].shape == (11, 1)
    assert model.extras(x.double())["residual"].abs().max() < 1e-3


def test_the_best_state_is_a_file_that_stands_alone(tmp_path):
    result = train(tmp_path / "run", "Poisson", "trainer.max_epochs=4")
    best = tmp_path / "run" / "checkpoints" / "best.ckpt"
    model = mlsci.load(best, trust=["pinn_problems"])
    x = torch.rand(9, 1, dtype=torch.float64)
    assert torch.equal(model.predict(x), result.model.predict(x))
    from mlsci.verbs import evaluate

    again = evaluate(best, trust=["pinn_problems"])
    recorded = {name: value for name, value in result.metrics.items() if name.startswith("test/")}
    assert again == pytest.approx(recorded, rel=1e-6)
    assert "test/train_cpu_seconds" in again


def test_lambda_is_one_override(tmp_path):
    soft = ["constraint=soft", "trainer.max_epochs=1", "weighting.lambda_pde=0.01"]
    model = train(tmp_path / "run", "Poisson", *soft).model
    assert {block.name: block.weight for block in model.system.blocks} == {"pde": 0.01, "dirichlet": 1.0}


def test_an_unknown_coefficient_comes_with_its_error(tmp_path):
    quick = ["trainer.max_epochs=8", "weighting.lambda_pde=100.0", "net.hidden=4", "init=glorot"]
    found = [train(tmp_path / str(seed), "Decay", f"pde.seed={seed}", *quick).metrics for seed in range(3)]
    estimates = torch.tensor([entry["test/k"] for entry in found])
    errors = torch.tensor([entry["test/k_stderr"] for entry in found])
    t = torch.linspace(0, 1, 60, dtype=torch.float64)
    design = torch.stack([torch.exp(-2 * t), -t * torch.exp(-2 * t)], dim=1)  # by u(0) and k
    expected = 0.02 * torch.linalg.inv(design.T @ design)[1, 1].sqrt()
    assert ((estimates - 2.0).abs() < 3 * errors).all()
    assert errors.mean() == pytest.approx(float(expected), rel=0.25)
    for entry in found:
        assert entry["test/k_error"] == pytest.approx(abs(entry["test/k"] / 2 - 1))


@pytest.mark.parametrize("constraint", ["hard", "soft"])
def test_time_windows_are_trained_in_turn(tmp_path, constraint):
    march = ["window=march", "window.count=4", f"constraint={constraint}", "net.hidden=10", "trainer.max_epochs=32"]
    result = train(tmp_path / "run", "Rotation", *march)
    assert result.model.solution.index == 3
    assert result.metrics["test/error"] < 1e-2
    assert result.metrics["test/error"] < 0.5 * result.metrics["val/loss"] ** 0.5 + 1e-2


def test_points_grow_to_their_limit(tmp_path):
    grown = ["trainer.max_epochs=4", "sampler.growth=1.5", "sampler.most=100", "sampler.grow_when=null"]
    result = train(tmp_path / "run", "Poisson", *grown)
    model = result.model
    assert len(model.system.blocks[0].points) in (40, 60, 90, 100)  # of the best state
    last = checkpoint.read(tmp_path / "run" / "checkpoints" / "last.ckpt")
    kept = last["state_dict"]["_extra_state"]["blocks"]
    assert [len(points) for name, points, _ in kept if name == "pde"] == [100]


GROWN = {"always": (None, 100), "where over-fitted": (0.0, 100), "never": (1e30, 40)}


@pytest.mark.parametrize("name", GROWN)
def test_points_grow_where_the_held_out_loss_is_high(tmp_path, name):
    threshold, expected = GROWN[name]
    when = "null" if threshold is None else threshold
    more = ["trainer.max_epochs=4", "sampler.growth=1.5", "sampler.most=100", f"sampler.grow_when={when}"]
    train(tmp_path / "run", "Poisson", *more)
    kept = checkpoint.read(tmp_path / "run" / "checkpoints" / "last.ckpt")["state_dict"]["_extra_state"]["blocks"]
    assert [len(points) for name, points, _ in kept if name == "pde"] == [expected]


@pytest.mark.parametrize(("limit", "draws"), [(0.0, 6), (1e30, 2)])
def test_over_fitted_points_are_drawn_again_at_once(tmp_path, monkeypatch, limit, draws):
    drawn = []
    draw = PINN._draw
    monkeypatch.setattr(PINN, "_draw", lambda model: (drawn.append(model.global_step + model.pace.steps), draw(model)))
    watched = ["trainer.max_epochs=2", "optimizer.check_every=2", f"optimizer.overfit={limit}"]
    train(tmp_path / "run", "Poisson", *watched)
    assert drawn == ([0, 2, 4, 5, 7, 9] if draws == 6 else [0, 5])


def test_points_that_are_drawn_once_are_kept_where_they_are_over_fitted(tmp_path):
    kept = ["trainer.max_epochs=1", "sampler.every=0", "optimizer.check_every=1", "optimizer.overfit=0.0"]
    model = train(tmp_path / "run", "Poisson", *kept).model
    assert model.pace.optimizer.overfitted


def test_points_that_are_drawn_once_stay(tmp_path):
    train(tmp_path / "one", "Poisson", "trainer.max_epochs=1", "sampler.every=0", "sampler=uniform")
    train(tmp_path / "three", "Poisson", "trainer.max_epochs=3", "sampler.every=0", "sampler=uniform")
    points = [
        checkpoint.read(tmp_path / name / "checkpoints" / "last.ckpt")["state_dict"]["_extra_state"]["blocks"][0][1]
        for name in ("one", "three")
    ]
    assert torch.equal(*points)


def state(folder: Path) -> dict:
    """Everything of last.ckpt that training depends on, but for processor time."""
    payload = checkpoint.read(folder / "checkpoints" / "last.ckpt")
    weights = dict(payload["state_dict"])
    weights["_extra_state"] = {k: v for k, v in weights["_extra_state"].items() if k != "cpu_seconds"}
    resume = {key: value for key, value in payload["mlsci"]["resume"].items() if key != "random"}
    return {"weights": weights, "optimizer": payload["optimizer_states"], "resume": resume}


def same(left, right) -> bool:
    """Equality to the last bit of nested containers."""
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return left == right


RESUMED = {
    "adaptive points and weights": ["sampler.growth=1.2", "weighting=self_adaptive", "constraint=soft"],
    "soap, causal": [
        "optimizer=soap",
        "weighting.causal={_target_: mlsci.science.weighting.causal.Causal, chunks: 4}",
    ],
    "balanced": ["constraint=soft", "optimizer=soap", "weighting=gradient_norm", "weighting.every=3"],
    "windows": ["window=march", "window.count=3", "constraint=soft"],
    "watched": ["optimizer.check_every=2", "optimizer.overfit=0.01", "sampler.growth=1.3", "sampler.grow_when=0.01"],
}


STOPS = [  # five steps an epoch
    *(("adaptive points and weights", steps) for steps in (5, 7)),
    ("soap, causal", 7),
    ("balanced", 5),
    *(("windows", steps) for steps in (5, 13)),
    *(("watched", steps) for steps in (7, 8, 10)),
]


@pytest.mark.parametrize(("name", "steps"), STOPS)
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, monkeypatch, name, steps):
    more = ["trainer.max_epochs=3", *RESUMED[name]]
    whole = train(tmp_path / "whole", "Rotation", *more)
    connect = Job._connect

    def connect_and_stop(job):
        connect(job)
        left = [steps]

        def stop():
            left[0] -= 1
            if left[0] == 0:
                job.model.pace.stop_signal = signal.SIGTERM

        job.model.after_step.append(stop)

    with monkeypatch.context() as patch:
        patch.setattr(Job, "_connect", connect_and_stop)
        with pytest.raises(Interrupted):
            train(tmp_path / "stopped", "Rotation", *more)
    folder = RunFolder(tmp_path / "stopped")
    assert checkpoint.read(folder.last)["mlsci"]["resume"]["global_step"] == steps
    again = run(folder)
    assert same(state(whole.folder), state(folder.path))
    ignored = {"test/train_cpu_seconds"}
    assert {k: v for k, v in again.metrics.items() if k not in ignored} == {
        k: v for k, v in whole.metrics.items() if k not in ignored
    }


def test_seconds_of_training_leave_loggers_out(tmp_path, monkeypatch):
    def slow(logger, metrics, step):
        until = time.process_time() + 0.4
        while time.process_time() < until:
            pass

    monkeypatch.setattr(CSV, "write", slow)
    before = time.process_time()
    found = train(tmp_path / "run", "Poisson", "trainer.max_epochs=3", "logger=csv", "trainer.log_every_n_steps=1")
    spent = time.process_time() - before
    assert 0 < found.metrics["test/train_cpu_seconds"] < spent - 2.0


def test_a_coefficient_that_stays_positive(tmp_path):
    quick = ["trainer.max_epochs=8", "weighting.lambda_pde=100.0", "net.hidden=4", "init=glorot"]
    unknown = "pde.k={_target_: mlsci.science.pde.Learn, initial: 1.0, truth: 2.0, positive: %s}"
    found = [train(tmp_path / name, "Decay", unknown % name, *quick) for name in ("false", "true")]
    free, positive = (result.metrics for result in found)
    for key in ("test/k", "test/k_stderr", "test/k_error"):
        assert positive[key] == pytest.approx(free[key], rel=1e-2)
    assert float(found[1].model.coefficients["k"].detach()) == pytest.approx(math.log(positive["test/k"]), rel=1e-9)


def test_without_a_reference_there_are_figures_of_the_solution_and_the_coefficients(tmp_path):
    shown = [entry for entry in QUIET if not entry.startswith(("figures", "logger"))]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        place, more = f"run.dir={tmp_path / 'run'}", ["logger=csv", "trainer.max_epochs=2"]
        mlsci.train(["pde=pinn_problems.Decay", *SMALL, *shown, place, *more])
    drawn = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert drawn == {"solution.png", "coefficients.png", "learning_curves.png"}


def test_a_residual_that_is_not_a_number_ends_the_run_with_a_reason(tmp_path):
    with pytest.raises(NonFiniteLoss, match=r"not finite .*the best state is kept. Try a smaller optimizer.lr"):
        train(tmp_path / "run", "Doomed", "trainer.max_epochs=20")
    folder = RunFolder(tmp_path / "run")
    assert folder.status["state"] == "failed"
    weights = checkpoint.read(folder.best)["state_dict"]
    assert all(torch.isfinite(value).all() for value in weights.values() if isinstance(value, torch.Tensor))


def test_a_face_that_nobody_speaks_of_is_one_warning(tmp_path, capsys):
    text = "mlsci: warning: pde: Free has no condition at x = 0, x = 1: the solution may not be unique"
    with warnings.catch_warnings():
        warnings.simplefilter("default", RuntimeWarning)
        train(tmp_path / "run", "Free", "trainer.max_epochs=1", "test=false")
    assert capsys.readouterr().err.count(text) == 1


def test_nothing_is_learned_without_observations(tmp_path):
    with pytest.raises(ConfigError, match="pde: k shall be learned, but there are no observations"):
        train(tmp_path / "run", "Unseen", "trainer.max_epochs=1")
    assert not (tmp_path / "run").exists()


def test_other_models_refuse_the_optimizer(tmp_path):
    with pytest.raises(ConfigError, match="Use it with model=pinn"):
        mlsci.train(
            ["data=diabetes", "net=mlp", "optimizer=levenberg_marquardt", *QUIET, f"run.dir={tmp_path / 'run'}"]
        )
