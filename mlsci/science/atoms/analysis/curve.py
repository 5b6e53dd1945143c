"""A density on an axis, and how much two of them overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlsci.errors import MlsciError


@dataclass(frozen=True, eq=False)
class Curve:
    """Values `y` (n,) ≥ 0 at equidistant `x` (n,)."""

    x: np.ndarray
    y: np.ndarray

    def __post_init__(self) -> None:
        if self.x.shape != self.y.shape or self.x.ndim != 1 or len(self.x) < 2:
            raise MlsciError(f"curve: expected x and y of one shape (n >= 2,), got {self.x.shape} and {self.y.shape}")

    @property
    def spacing(self) -> float:
        """Between two neighbouring x."""
        return float(self.x[1] - self.x[0])

    @property
    def area(self) -> float:
        """The sum of y times the spacing."""
        return float(self.y.sum()) * self.spacing

    def normalised(self) -> Curve:
        """The same of area 1.

        Raises:
            MlsciError: nothing to normalise.
        """
        if not 0 < self.area < np.inf:
            raise MlsciError(f"curve: expected a finite area above 0, got {self.area:g}")
        return Curve(self.x, self.y / self.area)

    def broadened(self, width: float) -> Curve:
        """Folded with a Gaussian of full width `width` at half maximum, in the unit of x; the area stays."""
        sigma = width / 2.354820045030949 / self.spacing
        if sigma == 0:
            return self
        reach = min(int(4 * sigma) + 1, len(self.y))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        mirrored = np.pad(self.y, reach, mode="symmetric")  # what would leak over an end stays inside
        return Curve(self.x, np.convolve(mirrored, kernel / kernel.sum(), mode="valid"))


def overlap(first: Curve, second: Curve) -> float:
    """∫ min(p, q) dx of two curves scaled to area 1: 1 where they are equal, 0 where they share nothing.

    It is 1 minus half of ∫ |p − q| dx. The curves are compared on the finer of their two grids, over the range of
    both; outside of its range a curve is 0.
    """
    p, q = _together(first, second)
    return float(np.minimum(p, q).sum())


def cosine(first: Curve, second: Curve) -> float:
    """∫ p q dx / √(∫ p² dx ∫ q² dx): kinder to small differences than the overlap."""
    p, q = _together(first, second)
    return float((p @ q) / np.sqrt((p @ p) * (q @ q)))


def _together(first: Curve, second: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Both on one grid, each of sum 1."""
    finer = min(first, second, key=lambda curve: curve.spacing)
    low, high = min(first.x[0], second.x[0]), max(first.x[-1], second.x[-1])
    before, behind = (round(float(room) / finer.spacing) for room in (finer.x[0] - low, high - finer.x[-1]))
    grid = finer.x[0] + finer.spacing * np.arange(-before, len(finer.x) + behind)
    found = [np.interp(grid, curve.x, curve.y, left=0, right=0) for curve in (first.normalised(), second.normalised())]
    p, q = (values / values.sum() for values in found)
    return p, q
