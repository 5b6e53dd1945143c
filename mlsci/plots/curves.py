"""Learning curves from the `metrics.csv` of a run."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlsci.plots.history import spans_decades
from mlsci.plots.series import Series, losses_and_scores, read_series
from mlsci.plots.style import CYCLE, LINE_STYLES, legend_above, new_figure, plain, tidy

MARKED = 40  # a curve of fewer points shows them


def learning_curves(csv_path: str | Path) -> Figure:
    """Losses against the optimizer step (log axis where all are positive), above the validation metrics (log axis
    where they span two decades).

    Blank cells and a torn last line are passed over. Raises ValueError where no loss was ever logged.
    """
    losses, scores = losses_and_scores(csv_path)
    if not losses:
        got = ", ".join(read_series(csv_path)) or "no numbers"
        raise ValueError(f"{csv_path}: expected a column with a loss in its name, got {got}")
    figure = new_figure(3.4 if not scores else 6.2)
    panels = figure.subplots(2 if scores else 1, 1, sharex=True, squeeze=False)[:, 0]
    _draw(panels[0], losses, y="loss")
    if min(value for points in losses.values() for _, value in points) > 0:
        panels[0].set_yscale("log")
    if scores:
        _draw(panels[1], scores, y="validation metric", first_colour=len(losses))
        if spans_decades(np.array([value for points in scores.values() for _, value in points])):
            panels[1].set_yscale("log")
    panels[0].set_xlabel("" if scores else "optimizer step")
    return figure


def _draw(axes: Axes, series: Mapping[str, Series], *, y: str, first_colour: int = 0) -> None:
    for index, (name, points) in enumerate(series.items(), start=first_colour):
        axes.plot(
            *zip(*points, strict=True),
            color=CYCLE[index % len(CYCLE)],
            linestyle=LINE_STYLES[index // len(CYCLE) % len(LINE_STYLES)],
            linewidth=1.6,
            marker="o" if len(points) < MARKED else "",
            markersize=3,
            label=plain(name),
        )
    tidy(axes, x="optimizer step", y=y)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(axes, list(series))
