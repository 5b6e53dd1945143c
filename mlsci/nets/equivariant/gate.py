"""The nonlinearity of features with a degree: silu for scalars, a scalar's sigmoid for the rest."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets.equivariant.radial import SILU_SCALE, ScaledMLP


class Gate(nn.Module):
    """Features ((l_max + 1)², N, channels), same shape out; the gates are a linear map of the scalars."""

    def __init__(self, l_max: int, channels: int) -> None:
        super().__init__()
        self.gates = ScaledMLP([channels, channels]) if l_max else None

    def forward(self, h: Tensor) -> Tensor:
        scalars = SILU_SCALE * F.silu(h[:1])
        if self.gates is None:
            return scalars
        return torch.cat([scalars, h[1:] * torch.sigmoid(self.gates(h[0]))])
