"""Invertible maps of single numbers, whose parameters a net gives: the contract, and the affine one."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Elementwise(Protocol):
    """y = T(x; p), increasing in x; p are `count` numbers on the last axis, for each x or broadcast; zeros: y ≈ x."""

    count: int

    def __call__(self, x: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """y and log dy/dx, both of the shape of x."""
        ...

    def inverse(self, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """x and log dx/dy, both of the shape of y."""
        ...

    def reflected(self, p: Tensor) -> Tensor:
        """The parameters with T(x; reflected p) = -T(-x; p)."""
        ...


class Affine:
    """y = x e^s + t with p = (s', t) and s = limit · tanh(s' / limit) (Dinh et al. 2017, arXiv:1605.08803).

    Raises ValueError for a limit that is not positive.
    """

    count = 2

    def __init__(self, *, limit: float = 2.0) -> None:
        if limit <= 0:
            raise ValueError(f"Affine: limit must be positive, got {limit}")
        self.limit = limit

    def __call__(self, x: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self._split(p)
        return torch.addcmul(t, x, s.exp()), s

    def inverse(self, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """Back to x."""
        s, t = self._split(p)
        return (y - t) * (-s).exp(), -s

    def reflected(self, p: Tensor) -> Tensor:
        """The shift changes its sign, the scale does not."""
        return torch.stack((p[..., 0], -p[..., 1]), dim=-1)

    def _split(self, p: Tensor) -> tuple[Tensor, Tensor]:
        return self.limit * torch.tanh(p[..., 0] / self.limit), p[..., 1]


class Composed:
    """One map after the other, the first one next to x; their parameters stand side by side."""

    def __init__(self, parts: Sequence[Elementwise]) -> None:
        self.parts = list(parts)
        self.counts = [part.count for part in self.parts]
        self.count = sum(self.counts)

    def __call__(self, x: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        total = torch.zeros_like(x)
        for part, own in zip(self.parts, p.split(self.counts, dim=-1), strict=True):
            x, log_slope = part(x, own)
            total = total + log_slope
        return x, total

    def inverse(self, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """Back to x."""
        total = torch.zeros_like(y)
        for part, own in reversed(list(zip(self.parts, p.split(self.counts, dim=-1), strict=True))):
            y, log_slope = part.inverse(y, own)
            total = total + log_slope
        return y, total

    def reflected(self, p: Tensor) -> Tensor:
        """The parameters of every part reflected."""
        own = p.split(self.counts, dim=-1)
        return torch.cat([part.reflected(values) for part, values in zip(self.parts, own, strict=True)], dim=-1)
