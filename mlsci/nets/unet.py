"""The U-Net: down to coarser grids, and up again beside what was seen there (Ronneberger et al. 2015)."""

import itertools
from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import check_shape, field_shapes
from mlsci.nets.convolution import CONVOLUTION, LETTERS, convolution


class UNet(nn.Module):
    """Fields (B, channels, *grid) to fields (B, channels', *grid), arXiv:1505.04597.

    Level l = 0 ... `levels` - 1 has `width` * 2**l channels and the grid divided by 2**l, rounded up: odd sides are
    taken too. Every level is two convolutions with group norm and activation on the way down and two on the way up,
    where the coarser level arrives by nearest neighbours and a convolution and meets what this level had. Grids
    of other sizes than `in_shape` may come. With `periodic` the grid has no border: shifts by multiples of
    2**(levels - 1) commute with the net where that divides the sides.

    Args:
        in_shape: (channels, length) or (channels, height, width).
        out_shape: the same with channels', or the grid alone for one channel.

    Raises:
        ValueError: shapes that are no fields on one grid, fewer than one level, more than the grid has.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_shape: Sequence[int],
        width: int = 32,
        levels: int = 4,
        activation: nn.Module | None = None,
        periodic: bool = False,
    ) -> None:
        super().__init__()
        self.channels, out_channels, grid = field_shapes("UNet", in_shape, out_shape)
        if levels < 1 or min(grid) < 2 ** (levels - 1):
            most = min(grid).bit_length()
            raise ValueError(f"UNet: levels must be from 1 to {most} on {' x '.join(map(str, grid))}, got {levels}")
        self.axes = axes = len(grid)
        activation = nn.GELU() if activation is None else activation
        widths = [width * 2**level for level in range(levels)]

        def double(in_width: int, width: int) -> nn.Sequential:
            return Double(in_width, width, axes=axes, activation=activation, periodic=periodic)

        self.down = nn.ModuleList([double(self.channels, width)])
        self.shrink, self.grow, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for fine, coarse in itertools.pairwise(widths):
            self.shrink.append(convolution(fine, coarse, axes=axes, stride=2, periodic=periodic, bias=True))
            self.down.append(double(coarse, coarse))
            self.grow.append(convolution(coarse, fine, axes=axes, periodic=periodic, bias=True))
            self.up.append(double(2 * fine, fine))
        self.head = CONVOLUTION[axes](width, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, self.channels, *LETTERS[self.axes])
        h = self.down[0](x)  # (B, width, *grid)
        seen = []
        for shrink, down in zip(self.shrink, self.down[1:], strict=True):
            seen.append(h)
            h = down(shrink(h))  # (B, 2 width, *grid / 2)
        for grow, up in zip(reversed(self.grow), reversed(self.up), strict=True):
            skip = seen.pop()  # (B, width, *grid)
            h = grow(F.interpolate(h, size=skip.shape[2:], mode="nearest"))  # (B, width, *grid)
            h = up(torch.cat((skip, h), dim=1))  # (B, width, *grid)
        return self.head(h)  # (B, channels', *grid)


class Double(nn.Sequential):
    """Twice convolution, group norm and activation: (B, in_width, *grid) to (B, width, *grid).

    Groups have four channels; a `width` that is no multiple of four is one group.
    """

    def __init__(self, in_width: int, width: int, *, axes: int, activation: nn.Module, periodic: bool) -> None:
        parts: list[nn.Module] = []
        for narrow in (in_width, width):
            parts += [
                # A bias before group norm is not lost: the mean of a group is over several channels.
                convolution(narrow, width, axes=axes, periodic=periodic, bias=True),
                nn.GroupNorm(width // 4 if width % 4 == 0 else 1, width),
                deepcopy(activation),
            ]
        super().__init__(*parts)
