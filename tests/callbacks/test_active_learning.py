"""Active learning with a pair potential for a teacher: rounds, labels, resume, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

import mlsci
from mlsci import checkpoint
from mlsci.callbacks.active_learning import ActiveLearning
from mlsci.continuing import make_ready
from mlsci.data.made_up import labelled
from mlsci.data.xtb import XTB
from mlsci.errors import ConfigError, MlsciError
from mlsci.models.exploration import Exploration
from mlsci.plots.label_curve import LabelCurve, arms
from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.record import RunFolder
from mlsci.run import run

pytest.importorskip("ase")
pytest.importorskip("vesin")
LOOP = "callbacks.active_learning"
SMALL = [
    "experiment=atoms/active_learning",
    "net=schnet",
    "~net.channels",
    "~net.order",
    "~net.radial",
    "net.hidden=8",
    "net.layers=1",
    "model.members=2",
    "data.molecule=water",
    "data.frames=12",
    "data.val_size=4",
    "data.test_frames=6",
    "data.samples=10",
    "data.check_labels=false",
    f"{LOOP}.every=2",
    f"{LOOP}.acquire=3",
    f"{LOOP}.exploration.temperature=50",
    f"{LOOP}.exploration.steps=10",
    f"{LOOP}.exploration.every=2",
    f"{LOOP}.exploration.replicas=2",
    f"{LOOP}.exploration.max_std=1000",
    f"{LOOP}.exploration.max_force=1000",
    "objective.loss.energy.end=1.0",  # a ramp would know how many epochs there will be
    "trainer.check_val_every_n_epoch=1",
    "callbacks.progress=null",
    "logger=csv",
]


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A function of a name and overrides that runs the loop; the pair potential of made-up files is the teacher."""
    monkeypatch.setattr(XTB, "label", lambda self, structures: [labelled(one) for one in structures])
    XTB(molecule="water", frames=12, test_frames=6, test_temperature=600.0).fake(tmp_path / "files")

    def go(name: str, *more: str) -> Path:
        where = [f"run.dir={tmp_path / name}", f"data.files={tmp_path / 'files'}"]
        return mlsci.train([*SMALL, *where, *more]).folder

    return go


def curve(folder: Path) -> dict:
    return json.loads((folder / "labels" / "curve.json").read_text())


def test_labels_grow_round_by_round_also_in_a_resumed_run_and_both_arms_meet_in_the_figure(start):
    one = start("uncertain", "trainer.max_epochs=4")
    other = start("random", "trainer.max_epochs=4", f"{LOOP}.acquisition=random")
    for folder in (one, other):
        assert [labels for labels, *_ in curve(folder)["curve"]] == [8, 11]
        assert np.isfinite(curve(folder)["curve"]).all()
        assert [path.name for path in (folder / "labels").glob("*.xyz")] == ["round_01.xyz"]
        assert (folder / "figures" / "labels.png").is_file()
    assert curve(one)["about"] == curve(other)["about"]
    assert curve(one)["curve"][0] == curve(other)["curve"][0]
    first, second = ((folder / "labels" / "round_01.xyz").read_text() for folder in (one, other))
    assert first != second
    last = json.loads((one / "metrics.json").read_text())["metrics"]["test/force_rmse"]
    assert curve(one)["curve"][-1][1] == pytest.approx(last, rel=1e-4)
    part = start("part", "trainer.max_epochs=3")
    folder = RunFolder(part)
    make_ready(folder, ["trainer.max_epochs=4"])
    run(folder)
    assert curve(part) == curve(one)
    weights = [checkpoint.read(run_folder / "checkpoints" / "last.ckpt")["state_dict"] for run_folder in (one, part)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_frames_that_the_teacher_cannot_label_are_passed_over(start, monkeypatch):
    asked: list[int] = []

    def stubborn(self: XTB, structures):
        asked.append(len(asked))
        if asked[-1] % 3 == 0:
            raise MlsciError("no solution")
        found = labelled(structures[0])
        return [replace(found, forces=found.forces + 2000.0 * (asked[-1] % 3 == 1))]

    monkeypatch.setattr(XTB, "label", stubborn)
    folder = start("stubborn", "trainer.max_epochs=3")
    assert asked == list(range(9))
    assert "active/passed_over" in (folder / "metrics.csv").read_text().splitlines()[0]


def test_a_teacher_that_labels_nothing_ends_the_run(start, monkeypatch):
    def silent(self: XTB, structures):
        raise MlsciError("no solution")

    monkeypatch.setattr(XTB, "label", silent)
    with pytest.raises(MlsciError, match="0 of 10 frames could be labelled, wanted 3"):
        start("silent", "trainer.max_epochs=3")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.members=1", r"needs an ensemble: model=potential model\.members=3"),
        ("data.samples=null", r"epochs of fixed length: data=xtb data\.samples=250"),
        (f"{LOOP}.every=0", "every and acquire must be at least 1, got 0 and 3"),
    ],
)
def test_what_it_needs_is_said(start, change, message):
    with pytest.raises(ConfigError, match=message):
        start("wrong", "trainer.max_epochs=3", change)


def test_an_unknown_acquisition_is_refused():
    with pytest.raises(ConfigError, match="acquisition: expected uncertain or random, got best"):
        ActiveLearning(exploration=Exploration(), acquisition="best")


def outcome(curves: list[dict]) -> Outcome:
    nothing = np.zeros((0, 1))
    return Outcome(inputs=None, predictions=nothing, targets=nothing, notes={"label_curves": curves})


RUNS = [
    {"acquisition": "random", "seed": 0, "curve": [[20, 100.0, 5.0], [30, 90.0, 4.0]]},
    {"acquisition": "uncertain", "seed": 0, "curve": [[20, 100.0, 5.0], [30, 60.0, 4.0], [40, 50.0, 3.0]]},
    {"acquisition": "uncertain", "seed": 1, "curve": [[20, 110.0, 5.0], [30, 80.0, 4.0]]},
]


def test_arms_are_as_long_as_their_shortest_run():
    (first, second) = arms(RUNS)
    assert (first[0], second[0]) == ("uncertain", "random")
    np.testing.assert_array_equal(first[1], [20, 30])
    np.testing.assert_array_equal(first[2], [[100, 60], [110, 80]])


def test_the_figure_shows_the_medians_of_both_arms():
    figure = LabelCurve()(outcome(RUNS))
    assert isinstance(figure, Figure)
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines] == ["most uncertain frames (2 runs)", "random frames"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [105, 70])
    with pytest.raises(DoesNotApply):
        LabelCurve()(outcome([]))
