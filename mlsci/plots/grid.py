"""A grid of pictures."""

import math

import numpy as np
from matplotlib.figure import Figure


def grid(pictures: np.ndarray) -> Figure:
    """Pictures (N, C, H, W) with one or three channels, each scaled to its own range, side by side."""
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    figure = Figure(figsize=(6, 6 * rows / columns), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, picture in zip(axes, pictures, strict=False):
        low, high = float(picture.min()), float(picture.max())
        axis.imshow((picture - low).transpose(1, 2, 0) / ((high - low) or 1.0), cmap="gray")
    return figure
