"""Straight ways through latent space, from one input to another."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.pictures import as_pictures, grey_range, mosaic
from mlsci.plots.style import WIDTH, new_figure


@dataclass(frozen=True, kw_only=True)
class Interpolation:
    """A row for each way of `extras["interpolation"]` (ways, steps, *shape), its two ends the reconstructions."""

    def __call__(self, outcome: Outcome) -> Figure:
        if "interpolation" not in outcome.extras:
            raise DoesNotApply("this model has no codes")
        ways = np.asarray(outcome.extras["interpolation"])
        steps = ways.shape[1]
        pictures = as_pictures(ways.reshape(-1, *ways.shape[2:]))
        figure = new_figure(0.4 + len(ways) * WIDTH / steps * pictures.shape[1] / pictures.shape[2])
        axes = figure.subplots()
        mosaic(axes, pictures, columns=steps, limits=grey_range(pictures))
        axes.set_title("from one code to another, in a straight line", fontsize=11)
        return figure
