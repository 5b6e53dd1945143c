"""Residuals of a regression: how they are spread and where they sit."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, Outcome
from mlsci.plots.points import central, count_bar, outside, padded, points_or_density
from mlsci.plots.style import BLUE, GREY, new_figure, note, plain, tidy, with_unit


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """Residual = prediction - target: its histogram, and its dependence on the target; one row a target.

    Both panels span the central 99 % of the residuals and a half more; a note counts what lies outside. At
    most `most_targets` rows are drawn. Raises ValueError where the outcome is no regression.
    """

    bins: int = 40
    most_targets: int = 4

    def __call__(self, outcome: Outcome) -> Figure:
        predictions, targets = outcome.as_regression()
        rows = min(targets.shape[1], self.most_targets)
        figure = new_figure(3.2 * rows)
        grid = figure.subplots(rows, 2, squeeze=False)
        for column in range(rows):
            left, right = grid[column]
            residual = predictions[:, column] - targets[:, column]
            unit = outcome.unit(column)
            limits = padded(central(residual))
            self._histogram(left, residual, limits=limits, unit=unit)
            extent = padded(targets[:, column]) + limits
            hexagons = points_or_density(right, targets[:, column], residual, extent=extent)
            count_bar([right], [hexagons])
            right.axhline(0, color=GREY, linewidth=1, linestyle="--", zorder=3)
            tidy(right, x=with_unit("true value", unit), y=with_unit("residual", unit))
            right.ticklabel_format(scilimits=(-3, 4))
            left.set_title(plain(outcome.target_name(column)), fontsize=11, loc="left")
        return figure

    def _histogram(self, axes: Axes, residual: Array, *, limits: tuple[float, float], unit: str) -> None:
        axes.hist(residual, bins=self.bins, range=limits, color=BLUE)
        axes.axvline(0, ymax=0.72, color=GREY, linewidth=1, linestyle="--")
        axes.margins(y=0.45)  # room for the note above the tallest bar
        text = f"bias {residual.mean():.2g} {unit}".rstrip() + f"\nsd {residual.std():.2g} {unit}".rstrip()
        note(axes, plain(text + outside(residual, limits)))
        tidy(axes, x=with_unit("residual", unit), y="samples")
        axes.ticklabel_format(scilimits=(-3, 4))
