"""How fast a forecast decays: its error against the lead time, beside that of the last known value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, legend_above, new_figure, tidy
from mlsci.plots.windows import windows_of


@dataclass(frozen=True, kw_only=True)
class LeadTime:
    """Root mean square error over windows and variables, each in deviations of its truth; not for one window or value.

    A band holds the middle 80 % of the windows. Raises ValueError for other shapes.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        found = windows_of(outcome)
        if min(found.truth.shape[:2]) < 2:
            raise DoesNotApply("one window or one value has no curve")
        scale = found.truth.std(axis=(0, 1))
        scale = np.where(scale > 0, scale, 1.0)
        time = found.time(found.truth.shape[1], first=1)
        ours, stays = found.error / scale, (found.past[:, -1:] - found.truth) / scale
        figure = new_figure(3.4)
        axes = tidy(figure.subplots(), x=f"lead time ({found.unit})", y="RMSE (standard deviations)")
        low, high = np.percentile(_size(ours, axis=2), (10, 90), axis=0)
        axes.fill_between(time, low, high, color=BLUE, alpha=0.2, linewidth=0)
        axes.plot(time, _size(ours, axis=(0, 2)), color=BLUE, linewidth=1.6, label="forecast (band: 80 % of windows)")
        axes.plot(time, _size(stays, axis=(0, 2)), color=GREY, linewidth=1.2, linestyle="--", label="last value stays")
        axes.set_ylim(bottom=0)
        axes.margins(x=0.01)
        legend_above(axes, ["forecast", "last value"])
        return figure


def _size(errors: Array, *, axis: int | tuple[int, ...]) -> Array:
    return np.sqrt(np.mean(errors**2, axis=axis))
