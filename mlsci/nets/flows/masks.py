"""Which values a coupling layer keeps and shows to its net, layer by layer."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from mlsci.errors import ConfigError


class Mask(Protocol):
    """(shape, layer) -> booleans of that shape, true where values are kept; at most half are true on average."""

    def __call__(self, shape: Sequence[int], layer: int) -> Tensor: ...


class Checkerboard:
    """Even and odd sites of a grid in turn, all channels alike; of a vector, even and odd places."""

    def __call__(self, shape: Sequence[int], layer: int) -> Tensor:
        grid = tuple(shape[1:]) if len(shape) > 1 else tuple(shape)
        places = torch.meshgrid(*(torch.arange(side) for side in grid), indexing="ij")
        kept = (torch.stack(places).sum(dim=0) + layer) % 2 == 0  # (*grid)
        return kept.expand(*shape).clone()


class Channels:
    """The first and the second half of the channels (of a vector: of its values) in turn.

    Raises ConfigError for a single channel.
    """

    def __call__(self, shape: Sequence[int], layer: int) -> Tensor:
        if shape[0] < 2:
            raise ConfigError(f"masks: Channels need at least two, got shape {tuple(shape)}; take Checkerboard")
        first = torch.arange(shape[0]) < shape[0] // 2
        kept = first if layer % 2 == 0 else ~first
        return kept.reshape(-1, *(1,) * (len(shape) - 1)).expand(*shape).clone()


class RandomHalves:
    """A new random half in every even layer, its complement in the odd one after it; a function of the seed."""

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def __call__(self, shape: Sequence[int], layer: int) -> Tensor:
        total = int(torch.Size(shape).numel())
        if total < 2:
            raise ConfigError(f"masks: a coupling needs at least two values, got shape {tuple(shape)}")
        draw = torch.Generator().manual_seed(self.seed * 1000003 + layer // 2)
        kept = torch.randperm(total, generator=draw) < total // 2
        return (kept if layer % 2 == 0 else ~kept).reshape(tuple(shape))
