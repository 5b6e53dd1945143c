"""Figures of the foundations: drawn from what they need, silent where it is not there."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest

from mlsci.plots.class_weights import ClassWeights
from mlsci.plots.couplings import Couplings, matrix
from mlsci.plots.descent import Descent
from mlsci.plots.gradient_norms import GradientNorms
from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.risk import Risk
from mlsci.plots.shrinkage import Shrinkage
from mlsci.plots.widths import Widths
from mlsci.science.exact.ridgeless import RidgelessRisk
from mlsci.science.exact.shrinkage import Shrinkage as ShrinkageLaw


def outcome(law: Any, *, few: bool = False) -> Outcome:
    cases = law.few() if few else law.cases()
    exact = law.answers(cases).numpy()
    extras = {"cases": cases.numpy()}
    return Outcome(inputs=None, predictions=1.01 * exact, targets=exact, extras=extras, notes={"law": law})


def widths() -> Outcome:
    values = np.linspace(-1, 1, 11)
    extras = {"x": values, "widths": np.array([4, 8]), "sup/relu": np.array([[0.4, 0.3], [0.1, 0.05]])}
    targets = np.stack([values, values**2], axis=1)
    return Outcome(inputs=None, predictions=targets, targets=targets, extras=extras, target_names=("a", "b"))


def norms() -> Outcome:
    history = {"step": np.arange(4.0), "train/gradient/net.0": np.array([1, np.nan, 0.5, 0.2]), "val/loss": np.ones(4)}
    return Outcome(
        inputs=None,
        predictions=np.ones(2),
        targets=np.ones(2),
        history=history,
        metrics={"test/gradient_error_mlp": 1e-9},
    )


def weights(shape: tuple[int, ...], classes: int = 3) -> Outcome:
    inputs, labels = np.zeros((6, *shape)), np.arange(6) % classes
    extras = {"weight": np.random.default_rng(0).normal(size=(classes, int(np.prod(shape))))}
    return Outcome(inputs=inputs, predictions=np.eye(classes)[labels], targets=labels, extras=extras)


def couplings() -> Outcome:
    weight = -np.arange(6.0)[None]
    notes = {"spins": 4, "true/weight": weight}
    return Outcome(inputs=None, predictions=np.ones(2), targets=np.ones(2), extras={"weight": weight}, notes=notes)


def descent() -> Outcome:
    steps = np.arange(30)
    extras = {"kappa": np.array(10.0), "cases": np.array([[10.0]])}
    for name, rate in (("gradient_descent", 0.8), ("heavy_ball", 0.5), ("nesterov", 0.7)):
        extras |= {f"quadratic/{name}": rate**steps, f"rosenbrock/{name}": np.linspace([-1.2, 1.0], [1.0, 1.0], 30)}
    exact = np.array([[0.8, 0.5, 0.7]])
    return Outcome(inputs=None, predictions=exact, targets=exact, extras=extras)


CASES = {
    "risk": (Risk(), outcome(RidgelessRisk())),
    "risk of few": (Risk(), outcome(RidgelessRisk(), few=True)),
    "shrinkage": (Shrinkage(), outcome(ShrinkageLaw())),
    "widths": (Widths(), widths()),
    "gradient norms": (GradientNorms(), norms()),
    "pictures": (ClassWeights(), weights((1, 4, 4))),
    "signals": (ClassWeights(columns=2), weights((1, 9))),
    "couplings": (Couplings(), couplings()),
    "descent": (Descent(), descent()),
}


@pytest.mark.parametrize(("figure", "given"), CASES.values(), ids=CASES.keys())
def test_a_figure_is_drawn(figure: Any, given: Outcome) -> None:
    drawn = figure(given)
    file = BytesIO()
    drawn.savefig(file, format="png", dpi=60)
    assert file.getvalue().startswith(b"\x89PNG")
    assert drawn.get_size_inches()[0] == 6


@pytest.mark.parametrize(
    "figure", [Risk(), Shrinkage(), Widths(), GradientNorms(), ClassWeights(), Couplings(), Descent()]
)
def test_a_figure_does_not_apply_to_other_outcomes(figure: Any) -> None:
    with pytest.raises(DoesNotApply):
        figure(Outcome(inputs=None, predictions=np.ones((3, 1)), targets=np.ones((3, 1))))


def test_couplings_are_symmetric_and_in_the_order_of_pairs() -> None:
    found = matrix(-np.array([1.0, 2.0, 3.0]), 3)
    np.testing.assert_array_equal(found, [[0, 1, 2], [1, 0, 3], [2, 3, 0]])
