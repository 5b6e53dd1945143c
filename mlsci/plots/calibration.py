"""Reliability diagram and expected calibration error (Guo et al. 2017, arXiv:1706.04599)."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, Outcome
from mlsci.plots.style import BLUE, GREY, ORANGE, new_figure, note, tidy


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Accuracy against confidence, in `bins` equal bins of the highest probability, above their counts.

    ECE = Σ_b (n_b / N) |accuracy_b - confidence_b|. Raises ValueError where the outcome is no classification.
    """

    bins: int = 15

    def __call__(self, outcome: Outcome) -> Figure:
        probabilities, labels = outcome.as_classification()
        confidence = probabilities.max(axis=1).clip(max=1.0)
        correct = probabilities.argmax(axis=1) == labels
        counts, mean_confidence, accuracy = calibration_bins(confidence, correct, bins=self.bins)
        full = counts > 0
        figure = new_figure(5.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        upper.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=1, label="perfectly calibrated")
        x, y = mean_confidence[full], accuracy[full]
        upper.vlines(x, x, y, color=ORANGE, linewidth=3, alpha=0.8, label="gap")
        upper.plot(x, y, color=BLUE, marker="o", markersize=5, linewidth=1.5, label="model")
        upper.set(xlim=(0, 1), ylim=(0, 1.02))
        upper.legend(loc="lower right", fontsize=9)
        note(upper, f"ECE {expected_error(counts, mean_confidence, accuracy):.3f}\n{len(labels)} samples")
        tidy(upper, x="", y="accuracy")
        lower.bar(np.arange(self.bins) / self.bins, counts, width=0.9 / self.bins, align="edge", color=BLUE)
        lower.set_yscale("symlog", linthresh=1)
        lower.set_ylim(bottom=0)
        tidy(lower, x="confidence (highest probability)", y="samples")
        return figure


def calibration_bins(confidence: Array, correct: Array, *, bins: int) -> tuple[Array, Array, Array]:
    """Count, mean confidence and accuracy of each bin, each `(bins,)`; zero where a bin is empty."""
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(index, minlength=bins)
    filled = np.maximum(counts, 1)
    mean_confidence = np.bincount(index, weights=confidence, minlength=bins) / filled
    accuracy = np.bincount(index, weights=correct.astype(float), minlength=bins) / filled
    return counts, mean_confidence, accuracy


def expected_error(counts: Array, mean_confidence: Array, accuracy: Array) -> float:
    """Expected calibration error, between 0 and 1."""
    return float((counts * np.abs(accuracy - mean_confidence)).sum() / counts.sum())
