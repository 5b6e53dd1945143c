"""Standardisation of inputs and targets with statistics that travel in the state dict."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

Statistic = float | Sequence[Any] | Tensor


class Standardise(nn.Module):
    """z = (x - mean) / std, and by `inverse` x = z std + mean; x has any shape that the statistics fit.

    A statistic is a number, a list for the last axis of x, or a nested list for more trailing axes: a
    picture (B, C, H, W) with one value a channel needs the shape (C, 1, 1). A column with std 0 is
    constant: it is shifted and divided by 1, so that it becomes 0 and comes back exactly.

    `clip` keeps z within ±clip, for inputs with wild outliers; `inverse` knows nothing of it.

    Each direction is one fused operation, x * (1 / std) + (-mean / std), whose rounding error is that of
    numbers as large as mean / std: subtract a large offset (total energies) in float64 before. The buffers
    have torch's default type (float32) and follow `.double()`.
    Raises ValueError for statistics that are not finite, negative or do not broadcast.
    """

    mean: Tensor
    std: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, *, mean: Statistic, std: Statistic, clip: float | None = None) -> None:
        super().__init__()
        if clip is not None and clip <= 0:
            raise ValueError(f"clip must be positive, got {clip}")
        self.clip = clip
        mean = _statistic("mean", mean)
        std = _statistic("std", std)
        if (std < 0).any():
            raise ValueError(f"std must not be negative, got {std.tolist()}")
        std = torch.where(std == 0, 1.0, std)
        try:
            shift = -mean / std
        except RuntimeError as error:
            raise ValueError(
                f"mean and std must broadcast, got shapes {tuple(mean.shape)} and {tuple(std.shape)}"
            ) from error
        buffers = {"mean": mean, "std": std, "scale": std.reciprocal(), "shift": shift}
        for name, value in buffers.items():
            self.register_buffer(name, value.to(torch.get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        z = torch.addcmul(self.shift, x, self.scale)
        return z if self.clip is None else z.clamp(-self.clip, self.clip)  # the shape of x

    def inverse(self, z: Tensor) -> Tensor:
        """Back to the units of x."""
        return torch.addcmul(self.mean, z, self.std)  # the shape of z


def _statistic(name: str, value: Statistic) -> Tensor:
    tensor = torch.as_tensor(_plain(value), dtype=torch.float64)
    if not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be finite, got {tensor.tolist()}")
    return tensor


def _plain(value: Any) -> Any:
    # Lists out of a config are sequences of their own kind, which torch does not read.
    return [_plain(item) for item in value] if isinstance(value, Sequence) else value
