"""A time or a noise level as sines and cosines, for nets that depend on it."""

import math

import torch
from torch import Tensor, nn


class TimeEmbedding(nn.Module):
    """t (B,) -> (cos ω_i t, sin ω_i t), (B, features), with ω_i from `lowest` to `highest` on a logarithmic scale.

    Raises ValueError for an odd number of features and for frequencies that are not positive and growing.
    """

    frequencies: Tensor

    def __init__(self, *, features: int = 32, lowest: float = 0.5, highest: float = 50.0) -> None:
        super().__init__()
        if features < 2 or features % 2:
            raise ValueError(f"TimeEmbedding: features must be even and at least 2, got {features}")
        if not 0 < lowest < highest:
            raise ValueError(f"TimeEmbedding: expected 0 < lowest < highest, got {lowest} and {highest}")
        self.features = features
        frequencies = torch.logspace(math.log10(lowest), math.log10(highest), features // 2)
        self.register_buffer("frequencies", frequencies)

    def forward(self, t: Tensor) -> Tensor:
        angle = t[:, None] * self.frequencies  # (B, features / 2)
        return torch.cat((angle.cos(), angle.sin()), dim=1)  # (B, features)
