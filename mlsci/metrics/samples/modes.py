"""Which of the known modes of a mixture are hit, and how many samples are near one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mlsci.metrics.samples.base import check, warn_if_few

SAMPLES_A_MODE = 20


class HasModes(Protocol):
    """A mixture of equal round normal distributions."""

    centres: Tensor
    std: float


@dataclass(frozen=True, kw_only=True)
class ModeCount:
    """`found` modes, `high_quality` share of samples, and `kl` of the shares of modes from equal ones (nats).

    A sample is of high quality within `reach` standard deviations of the nearest centre; a mode is found with at
    least one of those (Srivastava et al. 2017, arXiv:1705.07761, take 3). In two dimensions 1 - exp(-reach² / 2) of
    the truth is near: 98.89 % within 3.

    Args:
        mixture: has `centres` (K, d) and `std`.
        reach: in standard deviations.
        locate: what is done to samples first, where they do not have the units of the mixture.
    """

    mixture: HasModes
    reach: float = 3.0
    locate: Callable[[Tensor], Tensor] | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        check(samples, truth)
        x = samples if self.locate is None else self.locate(samples)
        centres = self.mixture.centres.double().to(x.device)
        warn_if_few(f"mode count of {len(centres)} modes", len(x), SAMPLES_A_MODE * len(centres))
        distance, mode = torch.cdist(x.detach().double().flatten(1), centres).min(dim=1)
        near = distance <= self.reach * self.mixture.std
        counts = torch.bincount(mode[near], minlength=len(centres)).double()
        shares = counts / counts.sum()
        kl = torch.special.xlogy(shares, shares * len(centres)).sum()
        return {
            "found": float((counts > 0).sum()),
            "high_quality": float(near.double().mean()),
            "kl": float(kl),
        }
