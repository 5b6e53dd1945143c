"""Pictures as one mosaic on an axis, all in one range of grey values."""

import numpy as np
from matplotlib.axes import Axes

from mlsci.plots.outcome import Array, DoesNotApply


def as_pictures(values: Array) -> Array:
    """Pictures (N, height, width, 3) or (N, height, width), channels other than three averaged, in float64.

    Raises DoesNotApply where they are no (N, channels, height, width).
    """
    pictures = np.asarray(values, dtype=np.float64)
    if pictures.ndim != 4 or len(pictures) == 0 or min(pictures.shape[2:]) < 2:
        raise DoesNotApply(f"expected pictures (N, channels, height, width), got shape {pictures.shape}")
    return pictures.transpose(0, 2, 3, 1) if pictures.shape[1] == 3 else pictures.mean(axis=1)


def grey_range(pictures: Array) -> tuple[float, float]:
    """Between which values nearly all pixels lie (0.5 to 99.5 %)."""
    low, high = np.nanpercentile(pictures, [0.5, 99.5])
    return float(low), float(high if high > low else low + 1.0)


def mosaic(axes: Axes, pictures: Array, *, columns: int, limits: tuple[float, float], gap: int = 1) -> None:
    """Show pictures (N, H, W) or (N, H, W, 3) row by row with white lines between them, black at the lower limit."""
    low, high = limits
    shown = np.clip((pictures - low) / (high - low), 0, 1)
    height, width = shown.shape[1] + gap, shown.shape[2] + gap
    rows = -(-len(shown) // columns)
    canvas = np.ones((rows * height - gap, columns * width - gap, *shown.shape[3:]))
    for index, picture in enumerate(shown):
        top, left = index // columns * height, index % columns * width
        canvas[top : top + height - gap, left : left + width - gap] = picture
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()
