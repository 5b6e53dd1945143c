"""The distributions of noise at the end of a flow."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class StandardNormal(nn.Module):
    """N(0, 1) for every value of (B, *shape)."""

    def __init__(self, *, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def log_prob(self, z: Tensor) -> Tensor:
        """In nats, (B,)."""
        flat = z.flatten(1)
        return -0.5 * (flat.square().sum(dim=1) + flat.shape[1] * math.log(2 * math.pi))

    def sample(self, n: int, *, like: Tensor) -> Tensor:
        """Draws (n, *shape) of the type and on the device of `like`."""
        return torch.randn(n, *self.shape, dtype=like.dtype, device=like.device)


class DiagonalNormal(StandardNormal):
    """N(mean, std²) with a learned mean and deviation for every value; at first N(0, 1)."""

    def __init__(self, *, shape: Sequence[int]) -> None:
        super().__init__(shape=shape)
        self.mean = nn.Parameter(torch.zeros(self.shape))
        self.log_std = nn.Parameter(torch.zeros(self.shape))

    def log_prob(self, z: Tensor) -> Tensor:
        """In nats, (B,)."""
        return super().log_prob((z - self.mean) * (-self.log_std).exp()) - self.log_std.sum()

    def sample(self, n: int, *, like: Tensor) -> Tensor:
        """Draws (n, *shape)."""
        return self.mean + self.log_std.exp() * super().sample(n, like=like)
