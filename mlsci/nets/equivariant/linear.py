"""Channel mixing that keeps rotations: one matrix a degree."""

import math

import torch
from torch import Tensor, nn

from mlsci.nets.equivariant.harmonics import degrees


class DegreeLinear(nn.Module):
    """Features ((l_max + 1)², N, channels) to ((l_max + 1)², N, out), with a weight (channels, out) for each degree."""

    of: Tensor

    def __init__(self, l_max: int, channels: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(l_max + 1, channels, out))
        self.scale = 1 / math.sqrt(channels)
        self.register_buffer("of", degrees(l_max), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        nn.init.normal_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return torch.bmm(x, (self.weight * self.scale).index_select(0, self.of))
