"""The energy distance (Székely and Rizzo 2013, J. Stat. Plan. Inference 143, 1249)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.base import Features, rows, warn_if_few
from mlsci.metrics.samples.pairs import unbiased

FEWEST = 100


@dataclass(frozen=True, kw_only=True)
class EnergyDistance:
    """2 E|x - y| - E|x - x'| - E|y - y'| over different samples, unbiased: `squared`; 0 only for equal distributions.

    Args:
        features: what is compared instead of the flat samples.
    """

    features: Features | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        ours, theirs = rows(samples, truth, features=self.features)
        warn_if_few("energy distance", min(len(ours), len(theirs)), FEWEST)
        return {"squared": -unbiased(ours, theirs, torch.cdist)}
