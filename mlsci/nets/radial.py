"""Distances of pairs as smooth features that end at a cutoff."""

import math

import torch
from torch import Tensor, nn


def lengths(vectors: Tensor) -> Tensor:
    """The lengths (P, 1) of `vectors` (P, 3)."""
    return vectors.square().sum(dim=1, keepdim=True).sqrt()


class Envelope(nn.Module):
    """f(x) = 1 - (p+1)(p+2)/2 x^p + p(p+2) x^(p+1) - p(p+1)/2 x^(p+2) of x = r / cutoff, 0 beyond; shape of r.

    1 at r = 0; value, slope and curvature are 0 at the cutoff (Gasteiger et al., 2020, arXiv:2003.03123).
    Raises ValueError for a cutoff that is not positive and a `power` p below 3.
    """

    def __init__(self, *, cutoff: float, power: int = 6) -> None:
        super().__init__()
        if not 0 < cutoff < math.inf:
            raise ValueError(f"cutoff must be positive and finite, got {cutoff}")
        if power < 3:
            raise ValueError(f"power must be at least 3, got {power}")
        self.cutoff, self.power = cutoff, power

    def forward(self, r: Tensor) -> Tensor:
        p = self.power
        x = (r / self.cutoff).clamp(max=1.0)  # (P, 1)
        inner = (p + 1) * (p + 2) / 2 - p * (p + 2) * x + p * (p + 1) / 2 * x.square()
        return 1 - x**p * inner  # (P, 1)


class Gaussians(nn.Module):
    """exp(-(r - k δ)² / 2 δ²) for k = 0 ... count - 1, δ = cutoff / (count - 1): distances (P, 1) to (P, count).

    Raises ValueError for fewer than two.
    """

    centres: Tensor

    def __init__(self, *, cutoff: float, count: int) -> None:
        super().__init__()
        if count < 2:
            raise ValueError(f"Gaussians: count must be at least 2, got {count}")
        self.spacing = cutoff / (count - 1)
        self.register_buffer("centres", torch.arange(count) * self.spacing)

    def forward(self, r: Tensor) -> Tensor:
        return torch.exp(-0.5 * ((r - self.centres) / self.spacing).square())  # (P, count)
