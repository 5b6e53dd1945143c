"""Transforms of values that can be undone, for series whose noise or skewness grows with their size."""

import torch
from torch import Tensor, nn


class Transform(nn.Module):
    """A function of every value by itself, and its `inverse`."""

    def forward(self, x: Tensor) -> Tensor:
        """The transformed values, in the shape of x."""
        raise NotImplementedError

    def inverse(self, z: Tensor) -> Tensor:
        """The values that belong to z."""
        raise NotImplementedError


class Identity(Transform):
    """z = x."""

    def forward(self, x: Tensor) -> Tensor:
        """x itself."""
        return x

    def inverse(self, z: Tensor) -> Tensor:
        """z itself."""
        return z


class SquareRoot(Transform):
    """z = √(x + offset), of one noise at any size for counts, whose variance is their mean (Bartlett 1936).

    Values below −offset count as −offset, and a negative z as 0. `offset` has the unit of x; Anscombe (1948) has 3/8.
    Raises ValueError for an offset below 0.
    """

    def __init__(self, *, offset: float = 0.0) -> None:
        super().__init__()
        if not offset >= 0:
            raise ValueError(f"SquareRoot: offset must be at least 0, got {offset}")
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        """From values to roots."""
        return torch.sqrt((x + self.offset).clamp_min(0.0))

    def inverse(self, z: Tensor) -> Tensor:
        """From roots to values."""
        return z.clamp_min(0.0).square() - self.offset
