"""A training set that may grow while it is used: epochs keep their length, whatever the number of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from mlsci.data.structures import Structures
from mlsci.errors import ConfigError
from mlsci.science.atoms.graph import Batch
from mlsci.science.atoms.structure import Structure


class Refilled(Dataset):
    """`samples` draws an epoch from `frames`, each of them as often as any other but for one draw.

    Schedules and resumed runs count epochs and steps, and so do not notice that `grow` adds frames.

    Raises:
        ConfigError: fewer than one sample.
    """

    def __init__(self, frames: Structures, *, samples: int):
        if samples < 1:
            raise ConfigError(f"data.samples: expected at least 1, got {samples}")
        self.frames, self.samples = frames, samples
        self.device: torch.device | str = "cpu"

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> Any:
        return self.frames[index % len(self.frames)]

    @property
    def structures(self) -> list[Structure]:
        """The frames, each once."""
        return self.frames.structures

    @property
    def neighbours(self) -> float:
        """Mean number of neighbours of an atom."""
        return self.frames.neighbours

    def batch(self, indices: Tensor) -> Batch:
        """The samples `indices` (B,) as one graph."""
        return self.frames.batch(torch.as_tensor(indices) % len(self.frames))

    def to(self, device: torch.device | str) -> Refilled:
        """Itself, with its frames and all that are still to come on `device`."""
        self.device = device
        self.frames = self.frames.to(device)
        return self

    def grow(self, structures: Sequence[Structure]) -> None:
        """Add frames."""
        grown = [*self.structures, *structures]
        self.frames = Structures(grown, cutoff=self.frames.cutoff).to(self.device)
