"""The pictures that a classifier gets most confidently wrong."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, Outcome
from mlsci.plots.style import WIDTH, new_figure, plain, shorten


@dataclass(frozen=True, kw_only=True)
class Mistakes:
    """A grid of the `count` misclassified pictures with the highest probability of the wrong class.

    Over each picture: true class → predicted class, and the probability of the latter. Inputs have shape
    `(N, channels, height, width)`; three channels are shown as colours, any other number as their mean; each
    picture is stretched to its own range. Raises ValueError where inputs are no pictures.
    """

    count: int = 12
    columns: int = 4

    def __call__(self, outcome: Outcome) -> Figure:
        probabilities, labels = outcome.as_classification()
        pictures, names = _pictures(outcome, len(labels)), outcome.class_names()
        predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
        wrong = np.flatnonzero(predicted != labels)
        worst = wrong[np.argsort(-confidence[wrong], kind="stable")][: self.count]
        if len(worst) == 0:
            return _no_mistakes(len(labels))
        rows = -(-len(worst) // self.columns)
        figure = new_figure(0.5 + rows * (WIDTH / self.columns + 0.35))
        figure.suptitle(f"{len(wrong)} of {len(labels)} are wrong; the most confident first", fontsize=11)
        grid = figure.subplots(rows, self.columns, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, index in zip(grid, worst, strict=False):
            _show(axes, pictures[index])
            title = _title(names[labels[index]], names[predicted[index]], confidence[index])
            axes.set_title(title, fontsize=9, pad=3)
        return figure


def _pictures(outcome: Outcome, samples: int) -> Array:
    pictures = np.asarray(outcome.inputs)
    if pictures.ndim != 4 or len(pictures) != samples or min(pictures.shape[2:]) < 2:
        expected = f"pictures of shape ({samples}, channels, height, width)"
        got = "none" if outcome.inputs is None else f"shape {pictures.shape}"
        raise ValueError(f"inputs: expected {expected}, got {got}")
    return pictures


def _show(axes: Axes, picture: Array) -> None:
    shown = picture.transpose(1, 2, 0) if len(picture) == 3 else picture.mean(axis=0)
    shown = shown.astype(np.float64)
    low, high = np.nanmin(shown), np.nanmax(shown)
    axes.imshow((shown - low) / (high - low or 1.0), cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def _title(true: str, predicted: str, probability: float) -> str:
    if len(true) + len(predicted) > 14:
        return plain(f"{shorten(true, 18)} →\n{shorten(predicted, 13)} {probability:.2f}")
    return plain(f"{true} → {predicted}\nprobability {probability:.2f}")


def _no_mistakes(samples: int) -> Figure:
    figure = new_figure(1.2)
    figure.text(0.5, 0.5, f"none of {samples} pictures is misclassified", ha="center", va="center")
    return figure
