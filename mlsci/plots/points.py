"""Two quantities against each other: points while few, hexagons of log counts once they hide each other."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm

from mlsci.plots.outcome import Array
from mlsci.plots.style import BLUE, SMALL

MANY = 2000  # above this, points cover each other and hide the density


def points_or_density(
    axes: Axes,
    x: Array,
    y: Array,
    *,
    extent: tuple[float, float, float, float],
    cells: tuple[int, int] = (60, 34),
) -> PolyCollection | None:
    """Draw `y` on `x`, both `(N,)`; `extent` = (left, right, bottom, top). Returns the hexagons, if any."""
    left, right, bottom, top = extent
    if len(x) <= MANY:
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.scatter(x, y, s=12, color=BLUE, alpha=0.55, linewidths=0, zorder=2)
        return None
    inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)  # hexbin draws beyond its extent
    hexagons = axes.hexbin(
        x[inside],
        y[inside],
        gridsize=cells,
        mincnt=1,
        cmap="viridis",
        extent=extent,
        linewidths=0.1,
        zorder=2,
    )
    axes.set(xlim=(left, right), ylim=(bottom, top))
    return hexagons


def count_bar(axes: Sequence[Axes], hexagons: Sequence[PolyCollection | None]) -> None:
    """One logarithmic scale of counts for all panels with hexagons: right of one panel, below several."""
    drawn = [collection for collection in hexagons if collection is not None]
    if not drawn:
        return
    most = max([2.0, *(float(count) for part in drawn for count in np.asarray(part.get_array()).flat)])
    for part in drawn:
        part.set_norm(LogNorm(1, most))
    side: Literal["right", "bottom"] = "right" if len(axes) == 1 else "bottom"
    bar = axes[0].figure.colorbar(drawn[0], ax=list(axes), pad=0.03, location=side, fraction=0.046)
    bar.set_label("samples", fontsize=9)
    bar.ax.tick_params(labelsize=SMALL)


def padded(*arrays: Array, share: float = 0.04) -> tuple[float, float]:
    """Common limits of the arrays with a little room, also where all values are equal."""
    low = min(float(values.min()) for values in arrays)
    high = max(float(values.max()) for values in arrays)
    room = share * (high - low) or 0.5 * abs(high) or 0.5
    return low - room, high + room


def central(values: Array) -> Array:
    """The ends `(2,)` of the central 99 %, widened by a half, so that one outlier squeezes nothing."""
    low, high = np.quantile(values, (0.005, 0.995))
    room = 0.25 * (high - low)
    return np.array([max(low - room, values.min()), min(high + room, values.max())])


def outside(values: Array, limits: tuple[float, float]) -> str:
    """A line that says how many of `values` the limits cut off; empty where none."""
    count = int(((values < limits[0]) | (values > limits[1])).sum())
    return f"\n{count} outside" if count else ""
