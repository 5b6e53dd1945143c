"""Error against the width of a net, on logarithmic axes, above the functions that it was fitted to."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import CYCLE, GREY, LINE_STYLES, new_figure, plain, tidy

KIND = "sup/"


@dataclass(frozen=True, kw_only=True)
class Widths:
    """`extras`: "x" (N,), "widths" (W,) and "sup/<activation>" errors (W, functions); a colour a function.

    Args:
        bar: an error that is to be reached, drawn as a line.

    Raises DoesNotApply where there are none.
    """

    bar: float = 1e-4

    def __call__(self, outcome: Outcome) -> Figure:
        kinds = {name.removeprefix(KIND): values for name, values in outcome.extras.items() if name.startswith(KIND)}
        if not kinds:
            raise DoesNotApply("extras: expected the errors of model=universal_approximation")
        widths = outcome.extras["widths"]
        functions = outcome.target_names or tuple(str(i) for i in range(outcome.targets.shape[1]))
        figure = new_figure(6.4)
        upper, lower = figure.subplots(2, 1, height_ratios=[2, 1])
        for (name, errors), style, marker in zip(kinds.items(), LINE_STYLES, "osD^", strict=False):
            for function, colour, error in zip(functions, CYCLE, errors.T, strict=False):
                label = plain(f"{function}, {name}")
                upper.plot(widths, error, linestyle=style, marker=marker, markersize=4, color=colour, label=label)
        first = next(iter(kinds.values())).max(axis=1)
        guide = first[-1] * (widths / widths[-1]) ** -2.0
        upper.plot(widths, 2 * guide, color=GREY, linewidth=1.2, label="slope -2")
        upper.axhline(self.bar, color=GREY, linestyle=":", linewidth=1.2, label=f"{self.bar:g}")
        upper.set_xscale("log", base=2)
        upper.set_yscale("log")
        upper.set_xticks(widths, [str(width) for width in widths])
        tidy(upper, x="width of the hidden layer", y="largest error on [-1, 1]")
        figure.legend(*upper.get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize=9, frameon=False)
        for function, colour, values in zip(functions, CYCLE, outcome.targets.T, strict=False):
            lower.plot(outcome.extras["x"], np.asarray(values), color=colour, label=plain(function))
        tidy(lower, x="x", y="target functions")
        return figure
