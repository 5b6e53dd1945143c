"""Means of a function of two samples over all pairs, within a set and between two, in pieces that fit in memory."""

from collections.abc import Callable

import torch
from torch import Tensor

PIECE = 1024  # rows at once

Pairwise = Callable[[Tensor, Tensor], Tensor]  # (N, d), (M, d) -> (N, M)


def between(x: Tensor, y: Tensor, function: Pairwise) -> float:
    """The mean over all pairs of rows of x (N, d) and y (M, d)."""
    return sum(float(function(part, y).sum()) for part in x.split(PIECE)) / (len(x) * len(y))


def within(x: Tensor, function: Pairwise) -> float:
    """The mean over all pairs of different rows of x (N, d); NaN for one row."""
    if len(x) < 2:
        return float("nan")
    own = sum(float(function(row, row)) for row in x.split(1))
    return (between(x, x, function) * len(x) ** 2 - own) / (len(x) * (len(x) - 1))


def unbiased(x: Tensor, y: Tensor, function: Pairwise) -> float:
    """The U-statistic E f(x, x') + E f(y, y') - 2 E f(x, y); negative values occur where it is near 0."""
    return within(x, function) + within(y, function) - 2 * between(x, y, function)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """|x - y|² (N, M), without the cancellation of the expanded square."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()
