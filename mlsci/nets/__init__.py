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


def picture_shape(net: str, in_shape: Sequence[int]) -> tuple[int, int, int]:
    """`in_shape` as (channels, height, width); anything else raises ValueError."""
    shape = tuple(int(size) for size in in_shape)
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"{net} takes pictures (channels, height, width), got inputs of shape {shape}")
    return shape
