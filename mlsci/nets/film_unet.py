"""A U-Net whose residual blocks a condition modulates, as in diffusion models (Ho et al. 2020, arXiv:2006.11239)."""

import itertools
from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import check_shape, field_shapes
from mlsci.nets.convolution import CONVOLUTION, LETTERS, convolution
from mlsci.nets.film_mlp import FiLM, encoder


class FiLMUNet(nn.Module):
    """(x (B, channels, *grid), condition (B, condition_features)) -> (B, channels', *grid).

    Levels and grids are those of `mlsci.nets.unet.UNet`; level l has `width` * 2**l channels, at most `widest`, and
    `blocks` residual blocks on the way down and as many on the way up. Condition and FiLM are those of
    `mlsci.nets.film_mlp`. The last convolution begins at zero. With `periodic` the grid has no border.

    Args:
        in_shape: (channels, length) or (channels, height, width).
        out_shape: the same with channels'.

    Raises:
        ValueError: shapes that are no fields on one grid, fewer than one level or block, more levels than the grid has.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_shape: Sequence[int],
        condition_features: int = 0,
        width: int = 32,
        widest: int = 256,
        levels: int = 3,
        blocks: int = 1,
        activation: nn.Module | None = None,
        periodic: bool = False,
    ) -> None:
        super().__init__()
        self.channels, out_channels, grid = field_shapes("FiLMUNet", in_shape, out_shape)
        most = min(grid).bit_length()
        if not 1 <= levels <= most or blocks < 1:
            raise ValueError(
                f"FiLMUNet: levels must be from 1 to {most} on {' x '.join(map(str, grid))} and blocks at least 1, "
                f"got {levels} and {blocks}"
            )
        self.axes = axes = len(grid)
        activation = nn.SiLU() if activation is None else activation
        features = 4 * width if condition_features else 0
        self.encode = encoder(condition_features, features, activation=activation) if features else None
        widths = [min(width * 2**level, widest) for level in range(levels)]

        def stage(in_width: int, width: int) -> Stage:
            return Stage(
                in_width, width, blocks, conditions=features, axes=axes, activation=activation, periodic=periodic
            )

        self.stem = convolution(self.channels, width, axes=axes, periodic=periodic, bias=True)
        self.down = nn.ModuleList([stage(width, width)])
        self.shrink, self.grow, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for fine, coarse in itertools.pairwise(widths):
            self.shrink.append(convolution(fine, coarse, axes=axes, stride=2, periodic=periodic, bias=True))
            self.down.append(stage(coarse, coarse))
            self.grow.append(convolution(coarse, fine, axes=axes, periodic=periodic, bias=True))
            self.up.append(stage(2 * fine, fine))
        self.head = nn.Sequential(norm(width), deepcopy(activation), CONVOLUTION[axes](width, out_channels, 1))
        for parameter in self.head[2].parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        check_shape(x, self.channels, *LETTERS[self.axes])
        e = None if self.encode is None or condition is None else self.encode(condition)  # (B, 4 width)
        h = self.down[0](self.stem(x), e)  # (B, width, *grid)
        seen = []
        for shrink, down in zip(self.shrink, self.down[1:], strict=True):
            seen.append(h)
            h = down(shrink(h), e)  # (B, 2 width, *grid / 2)
        for grow, up in zip(reversed(self.grow), reversed(self.up), strict=True):
            skip = seen.pop()  # (B, width, *grid)
            h = grow(F.interpolate(h, size=skip.shape[2:], mode="nearest"))  # (B, width, *grid)
            h = up(torch.cat((skip, h), dim=1), e)  # (B, width, *grid)
        return self.head(h)  # (B, channels', *grid)


class Stage(nn.Module):
    """`blocks` residual blocks one after the other: (h (B, in_width, *grid), e) -> (B, width, *grid)."""

    def __init__(
        self,
        in_width: int,
        width: int,
        blocks: int,
        *,
        conditions: int,
        axes: int,
        activation: nn.Module,
        periodic: bool,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Residual(
                in_width if index == 0 else width,
                width,
                conditions=conditions,
                axes=axes,
                activation=activation,
                periodic=periodic,
            )
            for index in range(blocks)
        )

    def forward(self, h: Tensor, e: Tensor | None) -> Tensor:
        for block in self.blocks:
            h = block(h, e)
        return h  # (B, width, *grid)


class Residual(nn.Module):
    """h + conv(φ(FiLM(norm(conv(φ(norm(h))))))): (h (B, in_width, *grid), e or None) -> (B, width, *grid)."""

    def __init__(
        self,
        in_width: int,
        width: int,
        *,
        conditions: int,
        axes: int,
        activation: nn.Module,
        periodic: bool,
        norms: bool = True,
    ) -> None:
        super().__init__()
        self.first = nn.Sequential(
            norm(in_width) if norms else nn.Identity(),
            deepcopy(activation),
            convolution(in_width, width, axes=axes, periodic=periodic, bias=True),
            norm(width) if norms else nn.Identity(),
        )
        self.film = FiLM(conditions, width) if conditions else None
        self.second = nn.Sequential(
            deepcopy(activation), convolution(width, width, axes=axes, periodic=periodic, bias=True)
        )
        self.shortcut = nn.Identity() if in_width == width else CONVOLUTION[axes](in_width, width, 1)

    def forward(self, h: Tensor, e: Tensor | None) -> Tensor:
        inner = self.first(h)  # (B, width, *grid)
        if self.film is not None and e is not None:
            inner = self.film(inner, e)
        return self.shortcut(h) + self.second(inner)  # (B, width, *grid)


def norm(width: int) -> nn.GroupNorm:
    """Group norm with four channels a group; a `width` that is no multiple of four is one group."""
    return nn.GroupNorm(width // 4 if width % 4 == 0 else 1, width)
