"""Forecast fans: the past, the forecast with the spread of its errors, and what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Outcome
from mlsci.plots.style import BLACK, BLUE, GREY, new_figure, tidy, with_unit
from mlsci.plots.windows import WindowSet, windows_of

BANDS = ((5, 95, 0.15), (25, 75, 0.25))  # percentiles of the errors, and how dark their band is


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """Some test windows of a single variable, or all variables of one window, a panel each.

    Where there are `enough` windows, bands hold the middle 50 and 90 % of the errors that all of them had at that lead
    time; of a past as much is shown as of the future, at least `least_past` values. Raises ValueError for other shapes.
    """

    panels: int = 3
    enough: int = 20
    least_past: int = 24

    def __call__(self, outcome: Outcome) -> Figure:
        found = windows_of(outcome)
        windows, _, variables = found.truth.shape
        if variables == 1:
            count = min(self.panels, windows)
            shown = [(int(index), 0) for index in np.linspace(0, windows - 1, count + 2)[1:-1].round()]
        else:
            shown = [(windows // 2, variable) for variable in range(min(variables, 2 * self.panels))]
        figure = new_figure(0.8 + 1.7 * len(shown))
        grid = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (window, variable) in zip(grid, shown, strict=True):
            self._panel(axes, found, window=window, variable=variable)
            name = outcome.target_names[variable] if outcome.target_names else f"variable {variable}"
            tidy(axes, x="", y=with_unit(name, outcome.units.get(name, "")))
            axes.margins(x=0.01)
        grid[-1].set_xlabel(found.time_label)
        grid[0].legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, fontsize=8.5, frameon=False)
        return figure

    def _panel(self, axes: Axes, found: WindowSet, *, window: int, variable: int) -> None:
        past = found.past[window, -max(found.truth.shape[1], self.least_past) :, variable]
        truth, forecast = found.truth[window, :, variable], found.forecast[window, :, variable]
        before, after = found.time(len(past), first=1 - len(past)), found.time(len(truth), first=1)
        few: dict[str, Any] = {"marker": "o", "markersize": 3} if len(past) + len(truth) < 80 else {}
        axes.plot(before, past, color=GREY, linewidth=1.2, label="past", zorder=3, **few)
        last, joined = past[-1], np.append(0.0, after)  # all goes on from the last known value
        if len(found.truth) >= self.enough:
            errors = -found.error[:, :, variable]  # truth - forecast: where the truth may lie
            for low, high, alpha in BANDS:
                lower, upper = (
                    np.append(last, forecast + error) for error in np.percentile(errors, (low, high), axis=0)
                )
                axes.fill_between(joined, lower, upper, color=BLUE, alpha=alpha, linewidth=0, label=f"{high - low} %")
        axes.plot(joined, np.append(last, truth), color=BLACK, linewidth=1.4, label="truth", **few)
        axes.plot(joined, np.append(last, forecast), color=BLUE, linewidth=1.4, linestyle="--", label="forecast", **few)
        axes.axvline(0.5 * found.step, color=GREY, linewidth=0.8, linestyle=":")
