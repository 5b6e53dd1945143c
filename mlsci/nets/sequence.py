"""Sequences (length, features) and sets of vectors: their shapes, and what is read off the states of a net."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

Output = Literal["last", "mean", "each"]


def sequence_shape(net: str, in_shape: Sequence[int], *, channels_last: bool = True) -> tuple[int, int]:
    """`in_shape` as (length, features); it says (features, length) where `channels_last` is false.

    Raises ValueError for another number of axes, and for fewer than two steps, where there is nothing to follow.
    """
    shape = tuple(int(size) for size in in_shape)
    form = "(length, features)" if channels_last else "(features, length)"
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{net} takes sequences {form}, got inputs of shape {shape}")
    length, features = shape if channels_last else shape[::-1]
    if length < 2:
        other = "false" if channels_last else "true"
        raise ValueError(
            f"{net} takes sequences {form} of two steps or more, got inputs of shape {shape}; "
            f"channels_last={other} takes the other axis for the length"
        )
    return length, features


def set_shape(net: str, in_shape: Sequence[int]) -> tuple[int, int]:
    """`in_shape` as (size, features) of a set of two vectors or more; anything else raises ValueError."""
    shape = tuple(int(size) for size in in_shape)
    if len(shape) != 2 or shape[0] < 2 or shape[1] < 1:
        raise ValueError(f"{net} takes sets (size, features) of two vectors or more, got inputs of shape {shape}")
    return shape[0], shape[1]


def outputs_each(net: str, out_features: int, positions: int) -> int:
    """How many of `out_features` values belong to each of `positions`. Raises ValueError where it is no number."""
    if out_features < 1 or out_features % positions:
        raise ValueError(
            f"{net}: output=each gives all of {positions} positions equally many values, "
            f"got {out_features} outputs, which is no multiple"
        )
    return out_features // positions


class Readout(nn.Module):
    """An affine map of states (B, T, width): of the last (B, outputs), of their mean, or of each (B, T, outputs).

    A mask `present` (B, T) leaves states out of the mean.
    Raises ValueError for another word than last, mean or each.
    """

    def __init__(self, width: int, outputs: int, *, output: Output) -> None:
        super().__init__()
        if output not in ("last", "mean", "each"):
            raise ValueError(f"output must be last, mean or each, got {output!r}")
        self.output = output
        self.affine = nn.Linear(width, outputs)

    def forward(self, h: Tensor, present: Tensor | None = None) -> Tensor:
        if self.output == "last":
            h = h[:, -1]  # (B, width)
        elif self.output == "mean":
            h = h.mean(dim=1) if present is None else masked_mean(h, present)  # (B, width)
        return self.affine(h)


def masked_mean(h: Tensor, present: Tensor) -> Tensor:
    """The mean of those rows of (B, T, width) that the mask (B, T) has; 0 where it has none: (B, width)."""
    weight = present.to(h.dtype).unsqueeze(2)  # (B, T, 1)
    return (weight * h).sum(dim=1) / weight.sum(dim=1).clamp_min(1.0)
