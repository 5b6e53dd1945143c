"""Figures of forecasts: what they draw, in which units, and what they refuse or leave out."""

from io import BytesIO

import numpy as np
import pytest

from mlsci.plots.forecast import Forecasts
from mlsci.plots.lead_time import LeadTime
from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.phase import PhasePortrait
from mlsci.plots.windows import windows_of


def outcome(windows: int = 30, *, horizon: int = 12, features: int = 1) -> Outcome:
    draw = np.random.default_rng(0)
    time = np.arange(24 + horizon) + 3 * np.arange(windows)[:, None]
    whole = np.stack([np.sin(0.3 * time + phase) for phase in range(features)], axis=2)
    growing = 0.02 * np.arange(1, horizon + 1)[:, None]
    names = tuple(f"x{i}" for i in range(features))
    return Outcome(
        inputs=whole[:, :24].astype(np.float32),
        targets=whole[:, 24:].astype(np.float32),
        predictions=whole[:, 24:] + growing * draw.normal(size=(windows, horizon, features)),
        target_names=names,
        units=dict.fromkeys(names, "mV"),
        notes={"time_step": 0.5, "time_unit": "h"},
    )


CASES = {
    "fan": (Forecasts(), outcome()),
    "one window": (Forecasts(), outcome(1)),
    "one value": (Forecasts(), outcome(horizon=1)),
    "seven variables": (Forecasts(), outcome(features=7)),
    "lead time": (LeadTime(), outcome(features=2)),
    "phase": (PhasePortrait(), outcome(features=3)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_figure_is_drawn_labelled_and_saved(name):
    make, given = CASES[name]
    figure = make(given)
    file = BytesIO()
    figure.savefig(file, format="png", dpi=60)
    assert file.getvalue().startswith(b"\x89PNG")
    assert all(axes.get_ylabel() for axes in figure.axes)
    assert figure.axes[-1].get_xlabel()
    assert figure.get_size_inches()[0] == 6


def test_the_bands_hold_the_errors_of_all_windows():
    given = outcome(200)
    axes = Forecasts(panels=1)(given).axes[0]
    assert "(mV)" in axes.get_ylabel()
    wide, narrow = (band.get_paths()[0].vertices for band in axes.collections)
    last = wide[np.isclose(wide[:, 0], 6.0), 1]  # twelve half hours
    error = (given.targets - given.predictions)[:, -1, 0]
    assert np.ptp(last) == pytest.approx(np.subtract(*np.percentile(error, (95, 5))), rel=1e-5)
    assert np.ptp(narrow[np.isclose(narrow[:, 0], 6.0), 1]) < np.ptp(last)
    assert np.ptp(wide[np.isclose(wide[:, 0], 0.0), 1]) == 0  # open from the last known value on: one step has some too


def test_few_windows_have_no_bands():
    assert len(Forecasts()(outcome(5)).axes[0].collections) == 0


def test_the_curve_is_the_error_at_each_lead_time():
    given = outcome(features=2)
    axes = LeadTime()(given).axes[0]
    ours, stays = axes.lines
    np.testing.assert_allclose(ours.get_xdata(), 0.5 * np.arange(1, 13))
    scale = given.targets.astype(np.float64).std(axis=(0, 1))
    error = (given.predictions - given.targets) / scale
    np.testing.assert_allclose(ours.get_ydata(), np.sqrt((error**2).mean(axis=(0, 2))), rtol=1e-6)
    assert stays.get_ydata()[5] > ours.get_ydata()[5]


def test_a_phase_portrait_begins_at_the_last_known_state():
    given = outcome(features=3)
    axes = PhasePortrait(window=4)(given).axes[0]
    assert [float(v[0]) for v in axes.lines[2].get_data()] == pytest.approx(given.inputs[4, -1, [0, 2]].tolist())
    assert axes.get_xlabel() == "x0 (mV)"


@pytest.mark.parametrize(
    ("make", "given"),
    [(LeadTime(), outcome(1)), (LeadTime(), outcome(horizon=1)), (PhasePortrait(), outcome(features=1))],
)
def test_what_has_no_use_for_a_figure_is_left_out(make, given):
    with pytest.raises(DoesNotApply):
        make(given)


@pytest.mark.parametrize("figure", [Forecasts(), LeadTime(), PhasePortrait()])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": None}, "as inputs, got none"),
        ({"predictions": np.zeros((30, 12))}, r"got \(30, 24, 2\), \(30, 12\) and"),
        ({"predictions": np.full((30, 12, 2), np.nan)}, "expected finite numbers, got 720"),
    ],
)
def test_what_is_no_forecast_is_refused(figure, changes, message):
    given = outcome(features=2)
    with pytest.raises(ValueError, match=message):
        figure(Outcome(**{**vars(given), **changes}))


def test_a_time_step_without_a_unit_counts_steps():
    nothing = np.zeros((1, 3, 1))
    found = windows_of(Outcome(inputs=np.zeros((1, 2, 1)), predictions=nothing, targets=nothing))
    assert (found.step, found.unit) == (1.0, "steps")
