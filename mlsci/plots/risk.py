"""The risk of least squares against features over samples: measured points on the exact curve."""

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, VERMILION, new_figure, note, tidy

GAP = 0.03  # either side of the pole that is not drawn


@dataclass(frozen=True, kw_only=True)
class Risk:
    """Measured risks (N, 1) at the cases γ (N, 1) of `extras`, over the law of `notes`.

    Raises DoesNotApply where there is no law.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        law = outcome.notes.get("law")
        if law is None or "cases" not in outcome.extras:
            raise DoesNotApply("notes: expected the law of data=double_descent")
        gamma = outcome.extras["cases"][:, 0]
        figure = new_figure(3.8)
        axes = tidy(figure.subplots(), x="features / samples, γ", y="risk E |β̂ - β|²")
        low, high = 0.8 * min(gamma.min(), 0.8), 1.25 * max(gamma.max(), 1.25)
        for start, end in ((low, 1 - GAP), (1 + GAP, high)):
            grid = np.geomspace(start, end, 200)
            label = "exact, n → ∞" if start == low else None
            axes.plot(grid, law.answers(torch.from_numpy(grid)[:, None])[:, 0], color=BLUE, linewidth=1.5, label=label)
        axes.plot(gamma, outcome.predictions[:, 0], "o", color=VERMILION, markersize=5, label="measured")
        axes.axvline(1.0, color=GREY, linestyle=":", linewidth=1.2, label="γ = 1")
        axes.set_xscale("log")
        axes.set_yscale("log")
        ticks = [0.1, 0.2, 0.5, 1, 2, 5]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.legend(fontsize=9, frameon=False, loc="upper left")
        worst = np.abs(outcome.predictions / outcome.targets - 1).max()
        note(axes, f"largest deviation {100 * worst:.1f} %", x=0.97, y=0.96)
        return figure
