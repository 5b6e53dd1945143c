"""How large the gradient of each layer was during training, and how well backpropagation agrees with differences."""

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, new_figure, plain, tidy

PREFIX, ERROR = "train/gradient/", "test/gradient_error_"


@dataclass(frozen=True, kw_only=True)
class GradientNorms:
    """Norms (columns `train/gradient/<layer>` of the history) against the step; the last layers, which
    backpropagation reaches first, are dark.

    Below it, where there are metrics `test/gradient_error_<net>`, these beside the `bar`.
    Raises DoesNotApply where no norm was logged.
    """

    bar: float = 1e-6

    def __call__(self, outcome: Outcome) -> Figure:
        columns = [name for name in outcome.history if name.startswith(PREFIX)]
        if not columns:
            raise DoesNotApply(f"history: expected columns {PREFIX}<layer> of callbacks=gradient_norms")
        errors = {name.removeprefix(ERROR): v for name, v in outcome.metrics.items() if name.startswith(ERROR)}
        figure = new_figure(3.6 + (0.5 + 0.24 * len(errors) if errors else 0))
        panels = figure.subplots(2 if errors else 1, 1, squeeze=False, height_ratios=[3, 2][: 2 if errors else 1])[:, 0]
        step = outcome.history.get("step", np.arange(len(outcome.history[columns[0]])))
        shades = colormaps["viridis"](np.linspace(0, 0.92, len(columns)))
        for name, colour in zip(columns, shades, strict=True):
            seen = np.isfinite(outcome.history[name])
            label = plain(name.removeprefix(PREFIX))
            marker = "o" if seen.sum() < 3 else ""
            panels[0].plot(
                step[seen], outcome.history[name][seen], color=colour, linewidth=1.4, marker=marker, label=label
            )
        panels[0].set_yscale("log")
        tidy(panels[0], x="optimizer step", y="norm of the gradient")
        panels[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), fontsize=8.5, frameon=False)
        if errors:
            panels[1].barh(list(errors), list(errors.values()), color=BLUE)
            panels[1].axvline(self.bar, color=GREY, linestyle="--", linewidth=1.2)
            panels[1].set_xscale("log")
            panels[1].invert_yaxis()
            tidy(panels[1], x="relative error against central differences", y="net")
        return figure
