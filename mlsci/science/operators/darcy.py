"""Steady flow through a porous square, -div(a grad u) = f with u = 0 on the border, by finite volumes.

The discrete Laplacian, inverted by fast sine transforms, is the preconditioner of a conjugate gradient iteration. It
differs from the operator by no more than the contrast of `a`: for a between 3 and 12 the error falls by 3 with every
iteration, on any grid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dstn

from mlsci.errors import MlsciError

Array = NDArray[np.float64]

ITERATIONS = 500


def two_phase(fields: Array, *, above: float = 12.0, below: float = 3.0) -> Array:
    """The permeability `above` where a field is not negative, and `below` elsewhere; the shape of the fields."""
    return np.where(fields >= 0, above, below)


def solved(permeability: Array, *, source: Array | float = 1.0, tolerance: float = 1e-9) -> Array:
    """The pressures u (B, N, N) of permeabilities a (B, N, N) at the nodes of a grid of the unit square, ends included.

    Around each inner node lies a cell of side 1 / (N - 1); the flux between two nodes is that of their harmonic mean
    permeability. Second order where a is smooth. `source` broadcasts against a. `tolerance` is of the relative
    residual in the norm of the preconditioner.

    Raises MlsciError where a is not positive, and where the iteration does not converge.
    """
    if permeability.ndim != 3 or permeability.shape[1] != permeability.shape[2] or permeability.shape[1] < 3:
        raise MlsciError(f"darcy: expected permeabilities (B, N, N) with N of at least 3, got {permeability.shape}")
    if not np.all(permeability > 0):
        raise MlsciError(f"darcy: expected positive permeabilities, got {permeability.min():g}")
    cells = _Cells(permeability)
    whole = np.zeros_like(permeability)
    whole[:, 1:-1, 1:-1] = _conjugate_gradients(
        cells, np.broadcast_to(source, permeability.shape)[:, 1:-1, 1:-1] / (permeability.shape[1] - 1) ** 2, tolerance
    )
    return whole


class _Cells:
    """The balance of the fluxes of every inner cell, for u (B, N - 2, N - 2)."""

    def __init__(self, a: Array):
        self.across = _harmonic(a[:, :-1, 1:-1], a[:, 1:, 1:-1])  # (B, N - 1, N - 2)
        self.along = _harmonic(a[:, 1:-1, :-1], a[:, 1:-1, 1:])  # (B, N - 2, N - 1)
        self.centre = self.across[:, :-1] + self.across[:, 1:] + self.along[..., :-1] + self.along[..., 1:]
        inner = a.shape[1] - 2
        line = 2 - 2 * np.cos(np.pi * np.arange(1, inner + 1) / (inner + 1))
        self.laplacian = line[:, None] + line[None, :]

    def outflow(self, u: Array) -> Array:
        """What leaves every cell."""
        found = self.centre * u
        found[:, 1:] -= self.across[:, 1:-1] * u[:, :-1]
        found[:, :-1] -= self.across[:, 1:-1] * u[:, 1:]
        found[..., 1:] -= self.along[..., 1:-1] * u[..., :-1]
        found[..., :-1] -= self.along[..., 1:-1] * u[..., 1:]
        return found

    def precondition(self, r: Array) -> Array:
        """The discrete Laplacian's inverse."""
        return dstn(dstn(r, type=1, axes=(1, 2), norm="ortho") / self.laplacian, type=1, axes=(1, 2), norm="ortho")


def _harmonic(a: Array, b: Array) -> Array:
    return 2 * a * b / (a + b)


def _dot(u: Array, v: Array) -> Array:
    """(B, 1, 1)."""
    return np.einsum("bij,bij->b", u, v)[:, None, None]


def _conjugate_gradients(cells: _Cells, right: Array, tolerance: float) -> Array:
    """Every system of the batch at once; they all stop when the slowest has converged."""
    u, r = np.zeros(right.shape), right.copy()
    z = cells.precondition(r)
    p, before = z.copy(), _dot(r, z)
    first = before
    for _ in range(ITERATIONS):
        if np.all(before <= tolerance**2 * first):
            return u
        Ap = cells.outflow(p)
        step = before / np.maximum(_dot(p, Ap), np.finfo(float).tiny)
        u += step * p
        r -= step * Ap
        z = cells.precondition(r)
        now = _dot(r, z)
        p *= now / np.maximum(before, np.finfo(float).tiny)
        p += z
        before = now
    raise MlsciError(f"darcy: no convergence to {tolerance:g} in {ITERATIONS} iterations; a very high contrast of a?")
