"""Precision against recall, and the receiver operating characteristic, of a binary classifier."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, Outcome
from mlsci.plots.style import BLUE, GREY, new_figure, note, plain, tidy


@dataclass(frozen=True, kw_only=True)
class PrecisionRecall:
    """Left precision against recall with average precision, right the ROC curve with its area.

    The dashed lines are a classifier that guesses. `positive` is the class to be found. Raises ValueError
    where there are not two classes, or where one of them has no sample.
    """

    positive: int = 1

    def __call__(self, outcome: Outcome) -> Figure:
        probabilities, labels = outcome.as_classification()
        if probabilities.shape[1] != 2 or self.positive not in (0, 1):
            got = f"{probabilities.shape[1]} classes and positive={self.positive}"
            raise ValueError(f"precision and recall: expected 2 classes and positive 0 or 1, got {got}")
        found, alarms, precision = threshold_curves(probabilities[:, self.positive], labels == self.positive)
        figure = new_figure(3.4)
        left, right = figure.subplots(1, 2)
        share = float((labels == self.positive).mean())
        left.step(found, precision, where="pre", color=BLUE, linewidth=1.8)
        left.axhline(share, color=GREY, linestyle="--", linewidth=1)
        note(left, f"average precision {average_precision(found, precision):.3f}", y=0.04)
        tidy(left, x="recall", y="precision")
        right.plot(alarms, found, color=BLUE, linewidth=1.8)
        right.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=1)
        note(right, f"area {np.trapezoid(found, alarms):.3f}", x=0.96, y=0.04)
        tidy(right, x="false positive rate", y="true positive rate")
        for axes in (left, right):
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        name = outcome.class_names()[self.positive]
        figure.suptitle(plain(f"finding “{name}”: {100 * share:.3g} % of {len(labels)} samples"), fontsize=11)
        return figure


def threshold_curves(score: Array, positive: Array) -> tuple[Array, Array, Array]:
    """Recall, false positive rate and precision at each threshold from strict to lax, begun at recall 0."""
    if positive.all() or not positive.any():
        got = f"{int(positive.sum())} positive of {len(positive)}"
        raise ValueError(f"targets: expected samples of both classes, got {got}")
    order = np.argsort(-score, kind="stable")
    hits, misses = np.cumsum(positive[order]), np.cumsum(~positive[order])
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # equal scores fall together
    hits, misses = hits[last], misses[last]
    precision = hits / (hits + misses)
    recall, alarms = hits / hits[-1], misses / misses[-1]
    return np.append(0, recall), np.append(0, alarms), np.append(precision[0], precision)


def average_precision(recall: Array, precision: Array) -> float:
    """AP = Σ_k (recall_k - recall_{k-1}) precision_k, without interpolation."""
    return float((np.diff(recall) * precision[1:]).sum())
