"""What holds for every figure: it is drawn, labelled, saved, and refuses what it cannot draw."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from mlsci.plots.calibration import Reliability
from mlsci.plots.confusion import ConfusionMatrix
from mlsci.plots.mistakes import Mistakes
from mlsci.plots.outcome import Outcome
from mlsci.plots.parity import Parity
from mlsci.plots.redshift import PhotoZ
from mlsci.plots.residuals import Residuals
from mlsci.plots.roc import PrecisionRecall


def classification(samples: int = 80, classes: int = 3, *, names: tuple[str, ...] | None = None) -> Outcome:
    random = np.random.default_rng(0)
    labels = np.arange(samples) % classes
    logits = random.normal(size=(samples, classes)) + 1.5 * np.eye(classes)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    pictures = random.normal(size=(samples, 1, 8, 8)).astype(np.float32)
    return Outcome(inputs=pictures, predictions=probabilities.astype(np.float32), targets=labels, classes=names)


def regression(samples: int = 80, targets: int = 1, *, scale: float = 1.0) -> Outcome:
    random = np.random.default_rng(0)
    truth = scale * random.uniform(0.1, 1, size=(samples, targets))
    names = tuple(f"energy {index}" for index in range(targets))
    return Outcome(
        inputs=None,
        predictions=(truth + 0.05 * scale * random.standard_t(3, size=truth.shape)).astype(np.float32),
        targets=truth.astype(np.float32),
        target_names=names,
        units=dict.fromkeys(names, "meV/atom"),
    )


LONG = ("elliptical galaxy of type E0", "costs $5 and $6", "x_1^2")
CASES: list[tuple[str, Callable[[Outcome], Figure], Outcome]] = [
    ("confusion", ConfusionMatrix(), classification()),
    ("confusion of long names", ConfusionMatrix(), classification(names=LONG)),
    ("confusion of 60 classes", ConfusionMatrix(), classification(600, 60)),
    ("mistakes", Mistakes(), classification()),
    ("mistakes of long names", Mistakes(count=5), classification(names=LONG)),
    ("reliability", Reliability(), classification()),
    ("precision and recall", PrecisionRecall(), classification(classes=2)),
    ("parity", Parity(), regression()),
    ("parity of one sample", Parity(), regression(1)),
    ("parity of many", Parity(), regression(3000)),
    ("parity of five targets", Parity(), regression(2500, 5, scale=1e5)),
    ("residuals", Residuals(), regression()),
    ("residuals of one sample", Residuals(), regression(1)),
    ("residuals of many", Residuals(), regression(3000, 2, scale=1e-7)),
    ("photo z", PhotoZ(), regression()),
    ("photo z of many", PhotoZ(), regression(3000)),
]
REGRESSIONS: list[Any] = [Parity(), Residuals(), PhotoZ()]
CLASSIFICATIONS: list[Any] = [ConfusionMatrix(), Mistakes(), Reliability(), PrecisionRecall()]


@pytest.mark.parametrize(("make", "outcome"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_figure_is_drawn_labelled_and_saved(make: Callable[[Outcome], Figure], outcome: Outcome) -> None:
    figure = make(outcome)
    file = BytesIO()
    figure.savefig(file, format="png", dpi=60)
    assert file.getvalue().startswith(b"\x89PNG")
    panels = [axes for axes in figure.axes if axes.axison and axes.get_label() != "<colorbar>"]
    if not isinstance(make, Mistakes):
        assert panels
        assert all(axes.get_ylabel() for axes in panels)
        assert panels[-1].get_xlabel()
    texts = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, *axes.texts)]
    assert min(text.get_fontsize() for text in texts) >= 8
    assert figure.get_size_inches()[0] == 6


@pytest.mark.parametrize("figure", CLASSIFICATIONS)
@pytest.mark.parametrize(
    ("predictions", "targets", "message"),
    [
        (np.ones(4), np.zeros(4, int), r"expected probabilities \(N, classes >= 2\), got \(4,\)"),
        (
            np.full((4, 2), 0.5),
            np.zeros((4, 1), int),
            r"targets: expected integers of shape \(4,\), got int64",
        ),
        (np.full((4, 2), 0.5), np.zeros(4), r"targets: expected integers of shape \(4,\), got float64"),
        (np.full((4, 2), 0.5), np.full(4, 2), "targets: expected 0 to 1, got 2 to 2"),
        (np.full((4, 2), 3.0), np.zeros(4, int), "rows >= 0 that sum to 1"),
        (np.full((4, 2), np.nan), np.zeros(4, int), "row 0 sums to nan"),
        (np.array([[1.5, -0.5]]), np.zeros(1, int), "smallest value -0.5"),
    ],
)
def test_what_is_no_classification_is_refused(figure: Any, predictions: Any, targets: Any, message: str) -> None:
    outcome = Outcome(inputs=np.zeros((4, 1, 8, 8)), predictions=predictions, targets=targets)
    with pytest.raises(ValueError, match=message):
        figure(outcome)


@pytest.mark.parametrize("figure", REGRESSIONS)
@pytest.mark.parametrize(
    ("predictions", "targets", "message"),
    [
        (np.ones((4, 1)), np.ones((3, 1)), r"predictions \(4, 1\) and targets \(3, 1\)"),
        (np.ones((4, 2, 2)), np.ones((4, 2, 2)), r"one shape \(N, targets\)"),
        (np.full((4, 1), np.nan), np.ones((4, 1)), "predictions: expected finite numbers, got 4 of 4"),
        (np.ones((0, 1)), np.ones((0, 1)), "expected two arrays"),
    ],
)
def test_what_is_no_regression_is_refused(figure: Any, predictions: Any, targets: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        figure(Outcome(inputs=None, predictions=predictions, targets=targets))


def test_names_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="classes: expected 3 names, got 2"):
        ConfusionMatrix()(classification(names=("a", "b")))
    outcome = Outcome(inputs=None, predictions=np.ones(4), targets=np.ones(4), target_names=("a", "b"))
    with pytest.raises(ValueError, match="target_names: expected 1, got 2"):
        Parity()(outcome)


@pytest.mark.parametrize("figure", [ConfusionMatrix, Mistakes, Reliability, Parity, Residuals, PhotoZ])
def test_options_are_keywords(figure: Any) -> None:
    with pytest.raises(TypeError, match="positional argument"):
        figure(3)
