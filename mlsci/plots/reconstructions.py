"""Inputs above what a model makes of them after the way through its codes."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.pictures import as_pictures, grey_range, mosaic
from mlsci.plots.style import WIDTH, new_figure


@dataclass(frozen=True, kw_only=True)
class Reconstructions:
    """Three pairs of rows of pictures, `columns` a row: data, and below them `extras["reconstructions"]`."""

    columns: int = 10
    pairs: int = 3

    def __call__(self, outcome: Outcome) -> Figure:
        if "reconstructions" not in outcome.extras:
            raise DoesNotApply("this model has no codes")
        data, made = as_pictures(outcome.targets), as_pictures(outcome.extras["reconstructions"])
        columns = min(self.columns, len(data))
        pairs = min(self.pairs, len(data) // columns)
        rows = []
        for index in range(pairs):
            part = slice(index * columns, (index + 1) * columns)
            rows += [data[part], made[part]]
        side = WIDTH / columns
        figure = new_figure(0.4 + 2 * pairs * side * data.shape[1] / data.shape[2])
        axes = figure.subplots()
        mosaic(axes, np.concatenate(rows), columns=columns, limits=grey_range(data))
        axes.set_title("data, and below them their reconstructions", fontsize=11)
        return figure
