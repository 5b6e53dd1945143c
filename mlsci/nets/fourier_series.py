"""Truncated Fourier series of real fields by matrix products, which beat a fast transform for few wavenumbers."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


class FourierSeries:
    """v(x_j) = Re Σ_k w_k c_k exp(2πi k·j / N) with |k| < modes, on grids of one or two sides of N points.

    The last axis of the coefficients has k = 0 ... m - 1 with w = 1, 2, 2, ... (the negative ones are conjugate), the
    axis before it k = -(m - 1) ... m - 1. A grid carries |k| < N / 2, and no more modes are kept. Coefficients do not
    depend on the grid as long as a field has no other wavenumbers.

    Args:
        grid: points of each side.
        modes: wavenumbers below these, one entry a side.
        like: gives dtype and device.
    """

    def __init__(self, grid: Sequence[int], *, modes: Sequence[int], like: Tensor) -> None:
        self.grid = tuple(grid)
        self.modes = tuple(min(count, (side + 1) // 2) for side, count in zip(grid, modes, strict=True))
        last = torch.arange(self.modes[-1])
        pairs = torch.view_as_real(_waves(self.grid[-1], last, like=like).conj().resolve_conj()).flatten(1)  # (N, 2 m)
        weight = torch.where(last > 0, 2.0, 1.0).repeat_interleave(2).to(like)  # (2 m,)
        self.analysis, self.synthesis = pairs / self.grid[-1], (pairs * weight).T
        self.first: Tensor | None = None
        if len(self.grid) == 2:
            both = torch.arange(1 - self.modes[0], self.modes[0])
            self.first = _waves(self.grid[0], both, like=like)  # (N', 2m' - 1)

    def coefficients(self, v: Tensor) -> Tensor:
        """The c_k of real fields (B, C, *grid): (B, C, m) or (B, C, 2 m' - 1, m), complex."""
        pairs = v @ self.analysis  # (B, C, ..., 2 m), real and imaginary parts in turn
        c = torch.view_as_complex(pairs.unflatten(-1, (-1, 2)))  # (B, C, ..., m)
        return c if self.first is None else self.first.mH / self.grid[0] @ c  # (B, C, 2m' - 1, m)

    def values(self, c: Tensor) -> Tensor:
        """The real fields (B, C, *grid) of coefficients."""
        if self.first is not None:
            c = self.first @ c  # (B, C, N', m)
        return torch.view_as_real(c).flatten(-2) @ self.synthesis  # (B, C, *grid)


def _waves(side: int, wavenumbers: Tensor, *, like: Tensor) -> Tensor:
    """exp(2πi k j / N) for points j and wavenumbers k: (N, K), complex, exact to the last digit of `like`."""
    turns = (torch.arange(side).unsqueeze(1) * wavenumbers) % side  # (N, K)
    angle = (2 * math.pi / side) * turns.double()
    return torch.complex(angle.cos().to(like), angle.sin().to(like))
