"""How the weight of a pair depends on its distance: Bessel functions and a small net without biases."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SILU_SCALE = 1.679  # silu of a standard normal variable has the second moment 1 / 1.679²


class Bessel(nn.Module):
    """√(2 / cutoff) sin(k π r / cutoff) / r for k = 1 ... count: distances (P, 1) to (P, count).

    Gasteiger et al., 2020, arXiv:2003.03123. Raises ValueError for fewer than one.
    """

    frequencies: Tensor

    def __init__(self, *, cutoff: float, count: int) -> None:
        super().__init__()
        if count < 1:
            raise ValueError(f"basis must be at least 1, got {count}")
        self.scale = math.sqrt(2 / cutoff)
        self.register_buffer("frequencies", torch.arange(1, count + 1) * (math.pi / cutoff))

    def forward(self, r: Tensor) -> Tensor:
        return self.scale * torch.sin(r * self.frequencies) / r  # (P, count)


class ScaledMLP(nn.Module):
    """Linear maps without biases and silu between them, (B, sizes[0]) to (B, sizes[-1]).

    Weights are standard normal and scaled as they are used, so that one learning rate suits every width.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(a, b)) for a, b in pairwise(sizes))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for weight in self.weights:
            nn.init.normal_(weight)

    def forward(self, x: Tensor) -> Tensor:
        for place, weight in enumerate(self.weights):
            x = x if place == 0 else SILU_SCALE * F.silu(x)
            x = x @ (weight / math.sqrt(weight.shape[0]))
        return x
