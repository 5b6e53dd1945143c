"""Samples of a mixture in the plane with their margins, and how many each mode got."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import BLACK, BLUE, VERMILION, new_figure, tidy


@dataclass(frozen=True, kw_only=True)
class Modes:
    """Samples (N, 2) over the known centres, histograms of both axes beside the truth, and samples a mode.

    `notes["distribution"]` has `centres` (K, 2) and `std`. A sample beyond `reach` standard deviations of all centres
    is red and counts for no mode. Raises DoesNotApply where there are no centres.
    """

    reach: float = 3.0

    def __call__(self, outcome: Outcome) -> Figure:
        mixture: Any = outcome.notes.get("distribution")
        if getattr(mixture, "centres", None) is None:
            raise DoesNotApply("expected a mixture with known centres")
        samples, truth = np.asarray(outcome.predictions), np.asarray(outcome.targets)
        centres = np.asarray(mixture.centres)
        away = np.linalg.norm(samples[:, None] - centres, axis=2)  # (N, K)
        near = away.min(axis=1) <= self.reach * mixture.std
        counts = np.bincount(away.argmin(axis=1)[near], minlength=len(centres))
        figure = new_figure(6.4)
        grid = figure.add_gridspec(3, 2, height_ratios=(1, 4, 1.5), width_ratios=(4, 1))
        plane = figure.add_subplot(grid[1, 0])
        plane.plot(*samples[~near].T, ".", color=VERMILION, markersize=2.5, label="far from all modes")
        plane.plot(*samples[near].T, ".", color=BLUE, markersize=2.5, label="near a mode")
        plane.plot(*centres.T, "+", color=BLACK, markersize=7, label="modes")
        tidy(plane, x="x", y="y")
        _margin(figure.add_subplot(grid[0, 0], sharex=plane), samples[:, 0], truth[:, 0], turned=False)
        _margin(figure.add_subplot(grid[1, 1], sharey=plane), samples[:, 1], truth[:, 1], turned=True)
        bars = figure.add_subplot(grid[2, :])
        bars.bar(np.arange(len(centres)), counts / len(samples), color=BLUE)
        bars.axhline(1 / len(centres), color=BLACK, linewidth=1.0, linestyle="--")
        found = f"{int((counts > 0).sum())} of {len(centres)} found, {100 * near.mean():.1f} % near one"
        tidy(bars, x=f"number of the mode: {found}", y="share")
        figure.legend(
            *plane.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9, frameon=False
        )
        return figure


def _margin(axes: Axes, samples: Array, truth: Array, *, turned: bool) -> None:
    bins = np.linspace(float(truth.min()) - 1, float(truth.max()) + 1, 81).tolist()
    along: Literal["horizontal", "vertical"] = "horizontal" if turned else "vertical"
    axes.hist(samples, bins=bins, density=True, orientation=along, color=BLUE, alpha=0.6)
    axes.hist(truth, bins=bins, density=True, orientation=along, histtype="step", color=BLACK)
    axes.axis("off")
