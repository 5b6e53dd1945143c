"""Fields as triplets: truth, prediction and error, for the test samples of median, high and largest error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import BLACK, BLUE, GREY, VERMILION, new_figure, tidy

SHOWN = (("median", 0.5), ("95 %", 0.95), ("worst", 1.0))


@dataclass(frozen=True, kw_only=True)
class FieldTriplets:
    """One channel of predictions and targets (N, channels, *grid) on a line or a square; inputs of the same grid.

    Samples are ordered by their relative L2 error. On a square a row has input, truth, prediction and error; one
    colour scale serves all truths and predictions, and one all errors. On a line truth and prediction share axes.
    Raises DoesNotApply for other shapes.
    """

    channel: int = 0

    def __call__(self, outcome: Outcome) -> Figure:
        predictions, targets = (np.asarray(a, dtype=np.float64) for a in (outcome.predictions, outcome.targets))
        if predictions.shape != targets.shape or predictions.ndim not in (3, 4) or outcome.inputs is None:
            raise DoesNotApply(f"expected fields (N, channels, *grid), got {predictions.shape} and {targets.shape}")
        truth, ours = targets[:, self.channel], predictions[:, self.channel]
        given = np.asarray(outcome.inputs, dtype=np.float64)[:, 0]
        errors = _norm(ours - truth) / _norm(truth)
        order = np.argsort(errors)
        rows = [(f"{name}: {errors[i]:.2g}", int(i)) for name, i in self._samples(order)]
        names = (outcome.input_names or ("input",))[0], outcome.target_name(self.channel)
        draw = self._lines if truth.ndim == 2 else self._squares
        return draw(rows, given, truth, ours, names)

    def _samples(self, order: Array) -> list[tuple[str, int]]:
        last = len(order) - 1
        return [(name, int(order[round(share * last)])) for name, share in SHOWN]

    def _lines(
        self, rows: list[tuple[str, int]], given: Array, truth: Array, ours: Array, names: tuple[str, str]
    ) -> Figure:
        figure = new_figure(6.0)
        grid = figure.subplots(len(rows), 3, sharex=True)
        x = np.arange(truth.shape[1]) / truth.shape[1]
        for number, (axes, (label, i)) in enumerate(zip(grid, rows, strict=True), start=1):
            axes[0].plot(x, given[i], color=GREY, linewidth=1.4)
            axes[1].plot(x, truth[i], color=BLACK, linewidth=1.6, label="truth")
            axes[1].plot(x, ours[i], color=BLUE, linewidth=1.4, linestyle="--", label="prediction")
            axes[2].plot(x, ours[i] - truth[i], color=VERMILION, linewidth=1.2)
            for panel, name in zip(axes, (names[0], names[1], "error"), strict=True):
                tidy(panel, x="x" if number == len(rows) else "", y=name)
                panel.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
            axes[1].set_title(f"relative L2 error, {label}", fontsize=9)
        figure.legend(*grid[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        return figure

    def _squares(
        self, rows: list[tuple[str, int]], given: Array, truth: Array, ours: Array, names: tuple[str, str]
    ) -> Figure:
        figure = new_figure(1.62 * len(rows) + 0.5, layout="compressed")
        grid = figure.subplots(len(rows), 4)
        index = [i for _, i in rows]
        low, high = truth[index].min(), truth[index].max()
        widest = float(np.abs(ours - truth)[index].max()) or 1.0
        for axes, (label, i) in zip(grid, rows, strict=True):
            _picture(axes[0], given[i], cmap="Greys", limits=(given.min(), given.max()))
            for panel, values in zip(axes[1:3], (truth[i], ours[i]), strict=True):
                shown = _picture(panel, values, cmap="viridis", limits=(low, high))
            wrong = _picture(axes[3], ours[i] - truth[i], cmap="RdBu_r", limits=(-widest, widest))
            axes[0].set_ylabel(label, fontsize=9)
        for panel, title in zip(grid[0], (names[0], "truth", "prediction", "error"), strict=True):
            panel.set_title(title, fontsize=9)
        for panels, picture, name, aspect in ((grid[:, 1:3], shown, names[1], 25), (grid[:, 3], wrong, "error", 12)):
            bar = figure.colorbar(picture, ax=list(panels.flat), orientation="horizontal", label=name, aspect=aspect)
            bar.ax.tick_params(labelsize=8.5)
            bar.ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
            bar.ax.xaxis.set_major_locator(MaxNLocator(4))
        return figure


def _picture(axes: Axes, values: Array, *, cmap: str, limits: tuple[float, float]) -> AxesImage:
    axes.set_xticks([])
    axes.set_yticks([])
    return axes.imshow(values.T, origin="lower", cmap=cmap, vmin=limits[0], vmax=limits[1])


def _norm(fields: Array) -> Array:
    return np.linalg.norm(fields.reshape(len(fields), -1), axis=1)
