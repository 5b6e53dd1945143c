"""Parity plot: what a regression predicts against the truth."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from mlsci.plots.outcome import Outcome
from mlsci.plots.points import central, count_bar, outside, padded, points_or_density
from mlsci.plots.style import GREY, new_figure, note, plain, with_unit


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Prediction against target, one panel a target, with the line of perfect prediction, RMSE and MAE.

    The frame holds every target and the central predictions, and a note counts those outside; more than 2000
    samples are drawn as log counts. At most `most_targets` panels are drawn. Raises ValueError where the
    outcome is no regression.
    """

    most_targets: int = 6

    def __call__(self, outcome: Outcome) -> Figure:
        panels = min(outcome.as_regression()[1].shape[1], self.most_targets)
        columns = 1 if panels == 1 else 2
        rows = -(-panels // columns)
        figure = new_figure(5.4 if columns == 1 else 3.1 * rows + 0.6, layout="compressed")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for spare in grid[panels:]:
            spare.set_axis_off()
        hexagons = [draw_parity(grid[column], outcome, column=column) for column in range(panels)]
        count_bar(list(grid), hexagons)
        return figure


def draw_parity(axes: Axes, outcome: Outcome, *, column: int) -> PolyCollection | None:
    """One target's panel."""
    predictions, targets = outcome.as_regression()
    prediction, target = predictions[:, column], targets[:, column]
    name, unit = outcome.target_name(column), outcome.unit(column)
    limits = padded(central(prediction), target)
    hexagons = points_or_density(axes, target, prediction, extent=limits + limits)
    axes.plot(limits, limits, color=GREY, linewidth=1, linestyle="--", zorder=3)
    axes.set_aspect("equal")
    axes.set(xlabel=with_unit("true value", unit), ylabel=with_unit("predicted value", unit))
    axes.set_title(plain(name), fontsize=11)
    axes.tick_params(labelsize=9)
    axes.locator_params(nbins=4)
    axes.ticklabel_format(scilimits=(-3, 3))
    error = prediction - target
    rmse, mae = np.sqrt(np.mean(error**2)), np.mean(np.abs(error))
    scores = f"RMSE {rmse:.3g} {unit}".rstrip() + f"\nMAE {mae:.3g} {unit}".rstrip()
    note(axes, plain(scores + outside(prediction, limits)))
    return hexagons
