"""Networks in plain torch, one architecture a file; here stand the checks of shapes that they share."""

from collections.abc import Sequence

import torch
from torch import Tensor


def check_shape(x: Tensor, *expected: int | str) -> None:
    """Refuses `x` unless its axes after the batch are `expected`; a letter stands for an axis of any length.

    Skipped while torch compiles or exports the net. Raises ValueError.
    """
    if torch.compiler.is_compiling():
        return
    fits = x.ndim == len(expected) + 1 and all(
        isinstance(want, str) or want == got for want, got in zip(expected, x.shape[1:], strict=True)
    )
    if not fits:
        raise ValueError(f"expected ({', '.join(map(str, ('B', *expected)))}), got {tuple(x.shape)}")


def flatten(x: Tensor, features: int) -> Tensor:
    """`x` of shape (B, ...) as (B, features); any other number of values a sample raises ValueError."""
    if not torch.compiler.is_compiling() and (x.ndim < 2 or x.shape[1:].numel() != features):
        raise ValueError(f"expected (B, {features}) or a shape that flattens to it, got {tuple(x.shape)}")
    return x.flatten(1)


def grid_shape(net: str, in_shape: Sequence[int]) -> tuple[int, ...]:
    """`in_shape` as (channels, height, width) or (channels, length); anything else raises ValueError."""
    shape = tuple(int(size) for size in in_shape)
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise ValueError(
            f"{net} takes pictures (channels, height, width) or series (channels, length), got inputs of shape {shape}"
        )
    return shape


def field_shapes(net: str, in_shape: Sequence[int], out_shape: Sequence[int]) -> tuple[int, int, tuple[int, ...]]:
    """Channels in, channels out and the grid (length,) or (height, width) of a map from fields to fields.

    A target without the axis of channels has one. Shapes that are no fields on one grid raise ValueError.
    """
    inputs, targets = tuple(int(size) for size in in_shape), tuple(int(size) for size in out_shape)
    channels, grid = inputs[:1], inputs[1:]
    if len(grid) in (1, 2) and min(inputs) >= 1:
        if targets == grid:
            return channels[0], 1, grid
        if targets[1:] == grid and targets[0] >= 1:
            return channels[0], targets[0], grid
    raise ValueError(
        f"{net} maps fields (channels, length) or (channels, height, width) to fields on the same grid, "
        f"got inputs of shape {inputs} and targets of shape {targets}"
    )
