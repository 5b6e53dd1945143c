"""A plain convolutional network for pictures and series."""

import math
from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from mlsci.nets import check_shape, grid_shape
from mlsci.nets.convolution import BATCH_NORM, LETTERS, MAX_POOL, check_ring, convolution


class CNN(nn.Module):
    """Blocks of convolution and pooling, then a head: (B, channels, *grid) to (B, out_features).

    The grid is (height, width) or (length,). There is a block for each entry of `channels`: convolution, batch
    norm (if `norm`), activation, and max pooling, which halves the grid as long as at least 2 points a side
    are left. The head is flatten, affine to `hidden`, activation, dropout, affine. `activation` (GELU unless
    given) is copied for every layer. `pooling` says which blocks pool, one entry a block; all of them unless
    given.

    With `periodic` the grid has no border; with `average` the head sees the mean over the grid instead of
    every point. Both together make the net invariant under cyclic shifts by multiples of what the poolings
    take together (if they divide the sides), and `average` alone lets it take any grid that is large enough.
    `channels_last` is for series (length, channels).
    Raises ValueError for inputs that are neither pictures nor series, an even `kernel_size`, no `channels`, a
    `pooling` of another length, and a periodic grid smaller than half the kernel.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        channels: Sequence[int] = (32, 64),
        kernel_size: int = 3,
        hidden: int = 128,
        dropout: float = 0.0,
        norm: bool = True,
        activation: nn.Module | None = None,
        pooling: Sequence[bool] | None = None,
        periodic: bool = False,
        average: bool = False,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        shape = grid_shape("CNN", in_shape)
        self.channels_last = channels_last
        width, *grid = (shape[-1], *shape[:-1]) if channels_last else shape
        axes = len(grid)
        self.in_shape = (width, *(LETTERS[axes] if average else grid))
        pooling = _pooling(channels, kernel_size, pooling)
        activation = nn.GELU() if activation is None else activation
        blocks: list[nn.Module] = []
        for next_width, pools in zip(channels, pooling, strict=True):
            if periodic:
                check_ring("CNN", grid, kernel_size)
            # A bias before batch norm would be subtracted again with the mean.
            block: list[nn.Module] = [
                convolution(width, next_width, axes=axes, kernel_size=kernel_size, periodic=periodic, bias=not norm)
            ]
            if norm:
                block.append(BATCH_NORM[axes](next_width))
            block.append(deepcopy(activation))
            if pools and min(grid) >= 4:
                block.append(MAX_POOL[axes](2))
                grid = [side // 2 for side in grid]
            blocks.append(nn.Sequential(*block))
            width = next_width
        self.blocks = nn.Sequential(*blocks)
        if axes == 2:  # channels innermost in memory: a quarter faster on CPUs, the same numbers
            self.blocks.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.head = nn.Sequential(
            Average() if average else nn.Flatten(),
            nn.Linear(width if average else width * math.prod(grid), hidden),
            deepcopy(activation),
            nn.Dropout(dropout),
            nn.Linear(hidden, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.channels_last:
            x = x.movedim(-1, 1)  # (B, channels, *grid)
        check_shape(x, *self.in_shape)
        h = self.blocks(x)  # (B, channels[-1], *grid')
        return self.head(h)  # (B, out_features)


class Average(nn.Module):
    """The mean over the grid: (B, channels, *grid) to (B, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).mean(dim=2)  # (B, channels)


def _pooling(channels: Sequence[int], kernel_size: int, pooling: Sequence[bool] | None) -> list[bool]:
    """Which blocks pool, after looking at what was asked for."""
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(f"CNN needs an odd kernel_size, which keeps the size of the grid, got {kernel_size}")
    if not channels:
        raise ValueError("CNN needs at least one entry in channels, got none")
    chosen = [True] * len(channels) if pooling is None else list(pooling)
    if len(chosen) != len(channels):
        raise ValueError(f"CNN needs one entry in pooling a block, got {len(chosen)} for {len(channels)} blocks")
    return chosen
