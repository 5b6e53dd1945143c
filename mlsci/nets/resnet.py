"""A pre-activation residual network for small pictures and series (He et al., 2016, arXiv:1603.05027)."""

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import check_shape, grid_shape
from mlsci.nets.convolution import BATCH_NORM, LETTERS, convolution


class ResNet(nn.Module):
    """Residual stages and an average over the grid: (B, channels, *grid) to (B, out_features).

    The grid is (height, width) or (length,). Stage s has `blocks` blocks of `width` * 2**s channels; each stage
    after the first halves the grid as long as at least 2 points a side are left. `dropout` acts between the two
    convolutions of a block. The average makes the net take a grid of any size; `in_shape` fixes the channels and
    where the stages halve. With `periodic` the grid has no border: where the halvings divide its sides, outputs
    do not change under cyclic shifts by multiples of what they take together. `channels_last` is for series
    (length, channels).
    Raises ValueError for inputs that are neither pictures nor series and for no stages or blocks.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        width: int = 32,
        stages: int = 3,
        blocks: int = 2,
        dropout: float = 0.0,
        periodic: bool = False,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        shape = grid_shape("ResNet", in_shape)
        self.channels_last = channels_last
        self.channels, *size = (shape[-1], *shape[:-1]) if channels_last else shape
        self.axes = len(size)
        if stages < 1 or blocks < 1:
            raise ValueError(f"ResNet needs stages and blocks >= 1, got stages={stages}, blocks={blocks}")
        self.stem = convolution(self.channels, width, axes=self.axes, periodic=periodic, bias=False)
        side, previous = min(size), width
        body: list[nn.Module] = []
        for stage in range(stages):
            current, stride = width * 2**stage, 2 if stage and side > 2 else 1
            for index in range(blocks):
                block = PreActivationBlock(
                    current if index else previous,
                    current,
                    axes=self.axes,
                    stride=1 if index else stride,
                    dropout=dropout,
                    periodic=periodic,
                )
                body.append(block)
            side, previous = math.ceil(side / stride), current
        self.body = nn.Sequential(*body)
        self.norm = BATCH_NORM[self.axes](previous)
        self.head = nn.Linear(previous, out_features)

    def forward(self, x: Tensor) -> Tensor:
        if self.channels_last:
            x = x.movedim(-1, 1)  # (B, channels, *grid)
        check_shape(x, self.channels, *LETTERS[self.axes])
        h = self.body(self.stem(x))  # (B, channels', *grid')
        h = F.relu(self.norm(h)).flatten(2).mean(dim=2)  # (B, channels')
        return self.head(h)  # (B, out_features)


class PreActivationBlock(nn.Module):
    """x + conv(relu(norm(conv(relu(norm(x)))))): (B, in_width, *grid) to (B, width, *grid').

    `axes` is the number of sides of the grid, each of which is divided by `stride` and rounded up. Where the
    shape changes, the shortcut is a convolution of relu(norm(x)) with one point instead of x.
    """

    def __init__(
        self,
        in_width: int,
        width: int,
        *,
        axes: int = 2,
        stride: int = 1,
        dropout: float = 0.0,
        periodic: bool = False,
    ) -> None:
        super().__init__()
        self.norm1 = BATCH_NORM[axes](in_width)
        self.conv1 = convolution(in_width, width, axes=axes, stride=stride, periodic=periodic, bias=False)
        self.norm2 = BATCH_NORM[axes](width)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = convolution(width, width, axes=axes, periodic=periodic, bias=False)
        self.shortcut: nn.Module | None = None
        if stride != 1 or in_width != width:
            self.shortcut = convolution(in_width, width, axes=axes, kernel_size=1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm1(x))  # (B, in_width, *grid)
        skip = x if self.shortcut is None else self.shortcut(h)  # (B, width, *grid')
        h = self.conv1(h)  # (B, width, *grid')
        h = self.conv2(self.dropout(F.relu(self.norm2(h))))  # (B, width, *grid')
        return skip + h
