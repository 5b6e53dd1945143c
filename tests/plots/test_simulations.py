"""Figures of simulations: drawn, labelled, saved, and with the numbers that they claim."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure

from mlsci.plots.densities import radial, spectrum
from mlsci.plots.forces_by_element import ForcesByElement
from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.profile import profile
from mlsci.plots.trajectory import energy_drift, temperature_trace

TIME = np.linspace(0, 5, 10_001)
RANDOM = np.random.default_rng(0)
ENERGY = 0.3 * TIME[:, None] * [1, -1] + RANDOM.normal(size=(10_001, 2))
X = np.linspace(0, 4000, 500)
PEAKS = np.exp(-(((X - 1500) / 50) ** 2)) + np.exp(-(((X - 3000) / 30) ** 2))


def forces(elements: str, atoms: int = 30) -> Outcome:
    """Three components of each atom, in rows."""
    truth = RANDOM.normal(size=(3 * atoms, 1))
    symbols = np.array(list(elements))[np.arange(atoms) % len(elements)].repeat(3)
    noise = 0.1 * RANDOM.normal(size=truth.shape)
    return Outcome(inputs=None, predictions=truth + noise, targets=truth, extras={"element": symbols})


FIGURES = {
    "drift of two": lambda: energy_drift(TIME, ENERGY, drift=np.array([0.3, -0.3])),
    "drift of one": lambda: energy_drift(TIME[:50], ENERGY[:50, :1], drift=np.array([0.3])),
    "temperature": lambda: temperature_trace(TIME, 300 + ENERGY, target=300, mean="300.0 ± 0.1"),
    "temperature without a target": lambda: temperature_trace(TIME[:2], ENERGY[:2], target=None, mean="0"),
    "radial": lambda: radial({"model": (X, PEAKS)}, bulk=True),
    "radial of two": lambda: radial({"model": (X, PEAKS), "GFN2": (X, PEAKS[::-1])}, bulk=False, overlap=0.5),
    "spectrum of two": lambda: spectrum({"model": (X, PEAKS), "GFN2": (X, PEAKS)}, overlap=1.0),
    "profile": lambda: profile(X[:20], {"model": PEAKS[:20]}, label="dihedral angle (degrees)"),
    "profile of two": lambda: profile(X, {"model": PEAKS, "reference": PEAKS + 1}, label="step"),
    "forces on three elements": lambda: ForcesByElement()(forces("HCO")),
    "forces on one element": lambda: ForcesByElement()(forces("H")),
    "forces on many atoms": lambda: ForcesByElement()(forces("HCONSFP", 7000)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_labelled_and_saved(name):
    figure: Figure = FIGURES[name]()
    file = BytesIO()
    figure.savefig(file, format="png", dpi=60)
    assert file.getvalue().startswith(b"\x89PNG")
    panels = [axes for axes in figure.axes if axes.axison and axes.get_label() != "<colorbar>"]
    assert panels
    assert all(axes.get_ylabel() and axes.get_xlabel() for axes in panels)
    texts = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, *axes.texts)]
    assert min(text.get_fontsize() for text in texts) >= 8
    assert figure.get_size_inches()[0] == 6


def test_the_numbers_stand_in_the_figures():
    drift = energy_drift(TIME, ENERGY, drift=np.array([0.3, -0.5]))
    assert drift.axes[0].texts[0].get_text() == "drift -0.1 meV/atom/ps\nlargest of 2 replicas 0.5"
    path = profile(X, {"model": PEAKS, "reference": 2 * PEAKS + 1}, label="step")
    rmse = np.sqrt(np.mean((PEAKS - PEAKS.min()) ** 2))  # both are counted from their lowest point
    assert path.axes[0].texts[0].get_text() == f"RMSE {rmse:.3g} meV"
    end = spectrum({"model": (X, PEAKS)}).axes[0].get_xlim()[1]
    assert 3000 < end < 3500


def test_each_element_has_its_own_error():
    outcome = forces("HC", 200)
    carbon = outcome.extras["element"] == "C"
    outcome.predictions[carbon] = outcome.targets[carbon]
    figure = ForcesByElement()(outcome)
    found = {axes.get_title(): axes.texts[0].get_text().splitlines()[0] for axes in figure.axes[:2]}
    assert set(found) == {"forces on C", "forces on H"}
    assert found["forces on C"] == "RMSE 0 eV/Å"
    error = (outcome.predictions - outcome.targets)[~carbon]
    assert found["forces on H"] == f"RMSE {np.sqrt(np.mean(error**2)):.3g} eV/Å"


def test_forces_without_elements_are_left_out_and_wrong_ones_refused():
    outcome = forces("HC")
    with pytest.raises(DoesNotApply):
        ForcesByElement()(Outcome(inputs=None, predictions=outcome.predictions, targets=outcome.targets))
    few = Outcome(inputs=None, predictions=outcome.predictions, targets=outcome.targets, extras={"element": ["H"]})
    with pytest.raises(ValueError, match=r"element: expected one of each row \(90,\)"):
        ForcesByElement()(few)
