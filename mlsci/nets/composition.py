"""Nets of chemical compositions, after CrabNet (Wang et al. 2021, npj Comput. Mater. 7, 77)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mlsci.nets import check_shape
from mlsci.nets.attention import Block
from mlsci.nets.sequence import set_shape
from mlsci.nets.transformer import visible


class CompositionNet(nn.Module):
    """y = ρ(Σ_i share_i h_i, statistics of properties): sets (B, N, 2) to (B, out_features), in any order.

    A row is (atomic number, share); zeros fill smaller sets up and are neither seen nor counted. Each element starts
    from a learned vector, an affine map of its `properties` and an encoding of its share; `layers` blocks of
    self-attention let the elements see each other (none: they do not). ρ is a perceptron of one hidden layer, which
    also sees mean, deviation, least and largest of every property (see `statistics`) unless `described` is false.

    `properties` has one row an atomic number from 0 on, standardised columns (94 elements: `mlsci.science.elements`).
    Raises ValueError for inputs that are no sets of (atomic number, share), and for `properties` that are no table.
    """

    properties: Tensor

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        properties: Sequence[Sequence[float]],
        width: int = 64,
        heads: int = 4,
        layers: int = 2,
        hidden: int = 256,
        dropout: float = 0.1,
        described: bool = True,
    ) -> None:
        super().__init__()
        _, columns = set_shape("CompositionNet", in_shape)
        if columns != 2:
            raise ValueError(f"CompositionNet takes sets of (atomic number, share), got inputs of shape {in_shape}")
        table = torch.as_tensor([list(row) for row in properties], dtype=torch.get_default_dtype())
        if table.ndim != 2 or table.shape[1] < 1:
            raise ValueError(f"CompositionNet: properties must be rows of one length, got {tuple(table.shape)}")
        self.register_buffer("properties", table)
        self.described = described
        self.element = nn.Embedding(len(table), width)
        self.property = nn.Linear(table.shape[1], width)
        self.share = nn.Linear(2 * FREQUENCIES + 1, width)
        self.blocks = nn.ModuleList(Block(width, heads=heads, dropout=dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.readout = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(width + (4 * table.shape[1] if described else 0), hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, "N", 2)
        z, share = x[..., 0].long(), x[..., 1]  # (B, N)
        known = self.properties[z]  # (B, N, P)
        h = self.element(z) + self.property(known) + self.share(encode(share))  # (B, N, width)
        mask = visible(z > 0)  # (B, 1, N, N)
        for block in self.blocks:
            h = block(h, mask)  # (B, N, width)
        pooled = (share.unsqueeze(2) * self.norm(h)).sum(dim=1)  # (B, width)
        if self.described:
            pooled = torch.cat([pooled, statistics(known, share)], dim=1)  # (B, width + 4 P)
        return self.readout(pooled)  # (B, out_features)


FREQUENCIES = 6


def encode(share: Tensor) -> Tensor:
    """sin and cos of π 2^k share for k = 0 to 5, and log10 share, which tells traces apart: (B, N) to (B, N, 13)."""
    angles = share.unsqueeze(-1) * (math.pi * 2.0 ** torch.arange(FREQUENCIES, device=share.device))  # (B, N, 6)
    logarithm = share.clamp_min(1e-4).log10().unsqueeze(-1)  # (B, N, 1)
    return torch.cat([angles.sin(), angles.cos(), logarithm], dim=-1)  # (B, N, 13)


def statistics(known: Tensor, share: Tensor) -> Tensor:
    """Mean, mean absolute deviation (both weighted by share), least and largest of (B, N, P): (B, 4 P).

    A row with the share 0 is not there; a set without rows gives zeros.
    """
    weight = share.unsqueeze(2)  # (B, N, 1)
    mean = (weight * known).sum(dim=1)  # (B, P)
    deviation = (weight * (known - mean.unsqueeze(1)).abs()).sum(dim=1)  # (B, P)
    absent = weight <= 0  # (B, N, 1)
    least = known.masked_fill(absent, float("inf")).amin(dim=1)  # (B, P)
    largest = known.masked_fill(absent, float("-inf")).amax(dim=1)  # (B, P)
    empty = absent.all(dim=1)  # (B, 1)
    extremes = [extreme.masked_fill(empty, 0.0) for extreme in (least, largest)]
    return torch.cat([mean, deviation, *extremes], dim=1)  # (B, 4 P)
