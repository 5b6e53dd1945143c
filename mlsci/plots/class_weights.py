"""What a linear classifier looks for: the weights of every class, as pictures or as signals."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, new_figure, plain, shorten, tidy


@dataclass(frozen=True, kw_only=True)
class ClassWeights:
    """`extras["weight"]` (classes, features) in the shape of an input (1, H, W) or (1, L); one scale for all classes.

    Args:
        columns: panels a row.

    Raises DoesNotApply for other inputs, or where there are no weights.
    """

    columns: int = 5

    def __call__(self, outcome: Outcome) -> Figure:
        if "weight" not in outcome.extras or outcome.inputs is None or outcome.inputs.shape[1] != 1:
            raise DoesNotApply("expected the weights of a linear classifier of pictures or signals of one channel")
        weights = outcome.extras["weight"].reshape(-1, *outcome.inputs.shape[2:])  # (classes, H, W) or (classes, L)
        rows = -(-len(weights) // self.columns)
        pictures = weights.ndim == 3
        figure = new_figure(1.4 * rows + 0.5, layout="compressed" if pictures else "constrained")
        panels = figure.subplots(rows, self.columns, squeeze=False, sharex=True, sharey=True)
        limit = float(np.abs(weights).max())
        for axes, weight, name in zip(panels.ravel(), weights, outcome.class_names(), strict=False):
            axes.set_title(plain(shorten(name, 14)), fontsize=9, loc="left")
            if pictures:
                shown = axes.imshow(weight, cmap="RdBu_r", vmin=-limit, vmax=limit)
                axes.set(xticks=[], yticks=[])
            else:
                tidy(axes, x="", y="")
                axes.axhline(0.0, color=GREY, linewidth=0.8)
                axes.plot(weight, color=BLUE, linewidth=1.3)
        for axes in panels.ravel()[len(weights) :]:
            axes.set_axis_off()
        if pictures:
            figure.colorbar(shown, ax=panels, label="weight", shrink=0.9)
        else:
            figure.supxlabel("place in the signal", fontsize=10)
            figure.supylabel("weight", fontsize=10)
        return figure
