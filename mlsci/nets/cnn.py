"""A plain convolutional network for pictures."""

import math
from collections.abc import Sequence
from copy import deepcopy

from torch import Tensor, nn

from mlsci.nets import check_shape, picture_shape


class CNN(nn.Module):
    """Blocks of convolution and pooling, then a head: (B, channels, height, width) to (B, out_features).

    There is a block for each entry of `channels`: convolution, batch norm (if `norm`), activation, and max
    pooling, which halves the picture as long as at least 2 x 2 pixels are left. The head is flatten, affine
    to `hidden`, activation, dropout, affine. `activation` (GELU unless given) is copied for every layer.
    `pooling` says which blocks pool, one entry a block; all of them unless given.
    Raises ValueError for inputs that are not pictures, an even `kernel_size`, no `channels`, or a `pooling`
    of another length.
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
    ) -> None:
        super().__init__()
        self.in_shape = picture_shape("CNN", in_shape)
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f"CNN needs an odd kernel_size, which keeps the size of pictures, got {kernel_size}")
        if not channels:
            raise ValueError("CNN needs at least one entry in channels, got none")
        pooling = [True] * len(channels) if pooling is None else list(pooling)
        if len(pooling) != len(channels):
            raise ValueError(f"CNN needs one entry in pooling a block, got {len(pooling)} for {len(channels)} blocks")
        activation = nn.GELU() if activation is None else activation
        blocks: list[nn.Module] = []
        width, *size = self.in_shape
        for next_width, pools in zip(channels, pooling, strict=True):
            block = [*_convolution(width, next_width, kernel_size, norm=norm), deepcopy(activation)]
            if pools and min(size) >= 4:
                block.append(nn.MaxPool2d(2))
                size = [side // 2 for side in size]
            blocks.append(nn.Sequential(*block))
            width = next_width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(width * math.prod(size), hidden),
            deepcopy(activation),
            nn.Dropout(dropout),
            nn.Linear(hidden, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, *self.in_shape)
        h = self.blocks(x)  # (B, channels[-1], H', W')
        return self.head(h)  # (B, out_features)


def _convolution(in_width: int, width: int, kernel_size: int, *, norm: bool) -> list[nn.Module]:
    # A bias before batch norm would be subtracted again with the mean.
    convolution = nn.Conv2d(in_width, width, kernel_size, padding=kernel_size // 2, bias=not norm)
    return [convolution, nn.BatchNorm2d(width)] if norm else [convolution]
