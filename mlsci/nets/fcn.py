"""The fully convolutional network: convolutions that keep the grid, and see no further than their kernels reach."""

from collections.abc import Sequence
from copy import deepcopy

from torch import Tensor, nn

from mlsci.nets import check_shape, field_shapes
from mlsci.nets.convolution import LETTERS, check_ring, convolution


class FCN(nn.Module):
    """Fields (B, channels, *grid) to fields (B, channels', *grid) through `layers` hidden layers of `width` channels.

    No pooling and no norm: on a periodic grid it commutes with every shift, so that it suits lattices.
    Raises ValueError for shapes that are no fields on one grid, an even kernel, and fewer than one layer.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_shape: Sequence[int],
        width: int = 32,
        layers: int = 2,
        kernel_size: int = 3,
        activation: nn.Module | None = None,
        periodic: bool = False,
    ) -> None:
        super().__init__()
        self.channels, out_channels, grid = field_shapes("FCN", in_shape, out_shape)
        if layers < 1 or kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f"FCN: expected layers >= 1 and an odd kernel_size, got layers={layers}, kernel_size={kernel_size}"
            )
        if periodic:
            check_ring("FCN", grid, kernel_size)
        self.axes = len(grid)
        parts: list[nn.Module] = []
        for narrow, wide in [(self.channels, width), *[(width, width)] * (layers - 1), (width, out_channels)]:
            parts.append(
                convolution(narrow, wide, axes=self.axes, kernel_size=kernel_size, periodic=periodic, bias=True)
            )
            parts.append(nn.GELU() if activation is None else deepcopy(activation))
        self.layers = nn.Sequential(*parts[:-1])

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, self.channels, *LETTERS[self.axes])
        return self.layers(x)  # (B, channels', *grid)
