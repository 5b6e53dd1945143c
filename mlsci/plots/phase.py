"""A forecast in phase space, beside the trajectory that came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLACK, BLUE, VERMILION, legend_above, new_figure, tidy, with_unit
from mlsci.plots.windows import windows_of


@dataclass(frozen=True, kw_only=True)
class PhasePortrait:
    """The first against the last variable for one test window, truth and forecast; not for a single variable.

    Args:
        window: number of the window; -1 takes the one with the median error.
    """

    window: int = -1

    def __call__(self, outcome: Outcome) -> Figure:
        found = windows_of(outcome)
        if found.truth.shape[2] < 2:
            raise DoesNotApply("one variable has no phase portrait")
        error = np.mean(found.error**2, axis=(1, 2))
        window = int(np.argsort(error)[len(error) // 2]) if self.window < 0 else self.window
        figure = new_figure(4.4)
        names = outcome.target_names or tuple(f"variable {i}" for i in range(found.truth.shape[2]))
        labels = [with_unit(name, outcome.units.get(name, "")) for name in (names[0], names[-1])]
        axes = tidy(figure.subplots(), x=labels[0], y=labels[1])
        truth, forecast = found.truth[window][:, [0, -1]], found.forecast[window][:, [0, -1]]
        start = found.past[window, -1, [0, -1]]
        axes.plot(*truth.T, color=BLACK, linewidth=0.9, label="truth")
        axes.plot(*forecast.T, color=BLUE, linewidth=0.9, linestyle="--", label="forecast")
        axes.plot(*start, "o", color=VERMILION, markersize=6, label="last known state")
        legend_above(axes, ["truth", "forecast", "last known state"])
        return figure
