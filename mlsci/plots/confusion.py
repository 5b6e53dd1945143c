"""Confusion matrix: how often each true class is taken for each class."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, Outcome
from mlsci.plots.style import SMALL, new_figure, plain, shorten


@dataclass(frozen=True, kw_only=True)
class ConfusionMatrix:
    """Counts of (true, predicted) pairs; colours show shares of the true class, so rare classes count.

    The predicted class is the most probable one. Above `most_numbers` classes the counts are left out: none
    could be read. Raises ValueError where the outcome is no classification.
    """

    most_numbers: int = 15
    colour_map: str = "cividis_r"

    def __call__(self, outcome: Outcome) -> Figure:
        probabilities, labels = outcome.as_classification()
        names = [plain(shorten(name, 16)) for name in outcome.class_names()]
        counts = count_pairs(labels, probabilities.argmax(axis=1), classes=len(names))
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        seen = np.ma.masked_where(counts == 0, shares)  # what never happened stays white
        figure = new_figure(5.4)
        axes = figure.add_subplot()
        picture = axes.imshow(seen, cmap=self.colour_map, vmin=0, vmax=1)
        figure.colorbar(picture, ax=axes, label="share of the true class", pad=0.03, fraction=0.046)
        if len(names) <= self.most_numbers:
            _write_counts(axes, counts, shares)
        _name_ticks(axes, names)
        accuracy = counts.trace() / counts.sum()
        axes.set_title(f"accuracy {100 * accuracy:.2f} % of {counts.sum()} samples", fontsize=11)
        return figure


def count_pairs(labels: Array, predicted: Array, *, classes: int) -> Array:
    """Counts `(classes, classes)`: rows are true classes, columns predicted ones."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _write_counts(axes: Axes, counts: Array, shares: Array) -> None:
    size = 10 if len(counts) <= 10 else SMALL
    for true, predicted in np.argwhere(counts):
        colour = "white" if shares[true, predicted] > 0.5 else "black"
        text = str(counts[true, predicted])
        axes.text(predicted, true, text, ha="center", va="center", color=colour, fontsize=size)


def _name_ticks(axes: Axes, names: list[str]) -> None:
    step = -(-len(names) // 25)  # more than 25 names run into each other
    shown = list(range(0, len(names), step))
    labels = [names[index] for index in shown]
    axes.set_xticks(shown, labels, fontsize=9)
    axes.set_yticks(shown, labels, fontsize=9)
    if max(len(name) for name in names) > 3:
        angle = 45 if len(shown) <= 12 else 90
        for label in axes.get_xticklabels():
            label.set(rotation=angle, ha="right", va="center", rotation_mode="anchor")
    axes.set(xlabel="predicted class", ylabel="true class")
