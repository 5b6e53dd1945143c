"""Convolutions in one and two dimensions that keep the grid, with zeros or the other end beyond its border."""

from collections.abc import Sequence

from torch import nn

CONVOLUTION: dict[int, type[nn.Conv1d] | type[nn.Conv2d]] = {1: nn.Conv1d, 2: nn.Conv2d}
BATCH_NORM: dict[int, type[nn.BatchNorm1d] | type[nn.BatchNorm2d]] = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
MAX_POOL: dict[int, type[nn.MaxPool1d] | type[nn.MaxPool2d]] = {1: nn.MaxPool1d, 2: nn.MaxPool2d}
LETTERS: dict[int, tuple[str, ...]] = {1: ("L",), 2: ("H", "W")}  # for sides of any length, in messages


def convolution(
    in_width: int, width: int, *, axes: int, kernel_size: int = 3, periodic: bool = False, stride: int = 1, bias: bool
) -> nn.Module:
    """A layer (B, in_width, *grid) -> (B, width, *grid), each side divided by `stride` and rounded up.

    `axes` is the number of sides of the grid, 1 or 2; `kernel_size` is odd. With `periodic` the grid is a ring or a
    torus, otherwise it ends in zeros.
    """
    return CONVOLUTION[axes](
        in_width,
        width,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        padding_mode="circular" if periodic else "zeros",
        bias=bias,
    )


def check_ring(net: str, grid: Sequence[int], kernel_size: int) -> None:
    """Refuses a periodic grid around which half a kernel reaches more than once. Raises ValueError."""
    if kernel_size // 2 > min(grid):
        raise ValueError(
            f"{net}: with periodic=true a kernel_size of {kernel_size} reaches more than once around "
            f"a grid of {' x '.join(map(str, grid))} points; allowed is up to {2 * min(grid) + 1}"
        )
