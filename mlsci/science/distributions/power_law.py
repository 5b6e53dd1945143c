"""Isotropic power spectra that fall like a power of the wavenumber beyond a knee."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """P(k) ∝ (1 + (k / knee)²)^(-index / 2), with k in units of 2π / side.

    Args:
        index: of the fall beyond the knee.
        knee: where it begins, above 0.
    """

    index: float = 3.0
    knee: float = 4.0

    def __post_init__(self) -> None:
        if not self.knee > 0 or not math.isfinite(self.index):
            raise ConfigError(f"spectrum: expected a finite index and knee > 0, got {self.index} and {self.knee}")

    def on_grid(self, side: int) -> Tensor:
        """At every mode of an FFT over (side, side), scaled so that its mean is 1: fields then have variance 1."""
        k = torch.fft.fftfreq(side, d=1 / side, dtype=torch.float64)
        squared = k[:, None].square() + k[None, :].square()
        power = (1 + squared / self.knee**2) ** (-self.index / 2)
        return power / power.mean()
