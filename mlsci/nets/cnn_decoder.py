"""From a vector to a picture or a series: affine to a coarse grid, then up by nearest neighbours and convolutions."""

from collections.abc import Sequence
from copy import deepcopy

from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import flatten, grid_shape
from mlsci.nets.convolution import convolution
from mlsci.nets.film_unet import Residual, norm


class CNNDecoder(nn.Module):
    """Vectors (B, in_features) to fields (B, *out_shape), the other half of a convolutional encoder.

    The coarsest grid is the output's divided by 2**(levels - 1), each side rounded up, with `width` * 2**(levels - 1)
    channels. Level by level the grid doubles and the channels halve; every level is a residual block. There is no
    transposed convolution, whose strides leave a pattern.

    Args:
        out_shape: (channels, length) or (channels, height, width).
        norms: group norm in every block; a GAN in the manner of R3GAN takes none.

    Raises:
        ValueError: outputs that are no fields, fewer than one level, more than the grid has.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_shape: Sequence[int],
        width: int = 32,
        levels: int = 3,
        activation: nn.Module | None = None,
        periodic: bool = False,
        norms: bool = True,
    ) -> None:
        super().__init__()
        channels, *grid = grid_shape("CNNDecoder", out_shape)
        if not 1 <= levels <= min(grid).bit_length():
            most = min(grid).bit_length()
            raise ValueError(
                f"CNNDecoder: levels must be from 1 to {most} on {' x '.join(map(str, grid))}, got {levels}"
            )
        self.in_features, axes = in_features, len(grid)
        activation = nn.SiLU() if activation is None else activation
        self.grids = [[-(-side // 2**level) for side in grid] for level in reversed(range(levels))]
        widths = [width * 2**level for level in reversed(range(levels))]
        self.start = (widths[0], *self.grids[0])
        size = widths[0]
        for side in self.grids[0]:
            size *= side
        self.stem = nn.Linear(in_features, size)
        self.blocks = nn.ModuleList(
            Residual(
                widths[max(level - 1, 0)],
                widths[level],
                conditions=0,
                axes=axes,
                activation=activation,
                periodic=periodic,
                norms=norms,
            )
            for level in range(levels)
        )
        self.head = nn.Sequential(
            norm(width) if norms else nn.Identity(),
            deepcopy(activation),
            convolution(width, channels, axes=axes, periodic=periodic, bias=True),
        )

    def forward(self, z: Tensor) -> Tensor:
        h = self.stem(flatten(z, self.in_features)).reshape(len(z), *self.start)  # (B, width', *coarsest)
        for grid, block in zip(self.grids, self.blocks, strict=True):
            if list(h.shape[2:]) != grid:
                h = F.interpolate(h, size=grid, mode="nearest")  # (B, width', *grid)
            h = block(h, None)
        return self.head(h)  # (B, channels, *grid)
