"""A logarithm of values that becomes the identity: what makes densities and counts more normal."""

import math

import torch
from torch import Tensor

EDGE = 0.05  # of 1 + a x: below it the map goes on as a straight line
SMALL = 1e-4  # |a| below it: the first terms of the series


class BoxCox:
    """y = log(1 + a x) / a with p = (a,), a straight line where 1 + a x < 0.05; a = 0 is the identity.

    The one-parameter transformation of Box & Cox (1964) in the variable whose logarithm is taken, defined for every x.
    For a > 0 it pulls in a tail to the right, for a < 0 one to the left.
    """

    count = 1

    def __call__(self, x: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        a, safe = _both(p)
        held = (a * x).clamp_min(EDGE - 1)
        line = (a * x - held) / EDGE  # 0 where the logarithm is taken
        y = (held.log1p() + line) / safe
        near = x - 0.5 * a * x.square() + a.square() * x.pow(3) / 3
        return torch.where(a.abs() < SMALL, near, y), -held.log1p()

    def inverse(self, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """Back to x."""
        a, safe = _both(p)
        held = (a * y).clamp_min(math.log(EDGE))
        line = (a * y - held) * EDGE
        x = (held.expm1() + line) / safe
        near = y + 0.5 * a * y.square() + a.square() * y.pow(3) / 6
        return torch.where(a.abs() < SMALL, near, x), held

    def reflected(self, p: Tensor) -> Tensor:
        """The parameters with T(x; reflected p) = -T(-x; p)."""
        return -p


def _both(p: Tensor) -> tuple[Tensor, Tensor]:
    """a, and a that may be divided by."""
    a = p[..., 0]
    return a, torch.where(a.abs() < SMALL, SMALL, a)
