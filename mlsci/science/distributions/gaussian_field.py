"""Periodic Gaussian random fields with a given power spectrum: density, entropy and correlations are exact."""

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.distributions.base import Distribution


class Spectrum(Protocol):
    """P at the modes of an FFT, with mean 1."""

    def on_grid(self, side: int) -> Tensor: ...


class GaussianField(Distribution):
    """x = A g on side × side pixels, <|g_k|²> = side² P(k), variance of g 1; shape (1, side, side).

    log p(x) = -½ Σ_k (|x_k|² / (side² A² P) + log(2π A² P)) over all modes, k = 0 among them. The label is A.

    Args:
        side: pixels, at least 2.
        spectrum: has `on_grid(side)`, mlsci.science.distributions.power_law.PowerLaw.
        amplitude: smallest and largest A, evenly distributed in log A; None: A = 1.

    Raises:
        ConfigError: fewer than 2 pixels, a spectrum that is not positive, amplitudes that are not 0 < low < high.
    """

    def __init__(self, *, side: int = 64, spectrum: Spectrum, amplitude: Sequence[float] | None = None):
        if side < 2:
            raise ConfigError(f"distribution.side: expected at least 2, got {side}")
        self.side = side
        self.shape = (1, side, side)
        self.spectrum = spectrum.on_grid(side)
        if not bool((self.spectrum > 0).all()):
            raise ConfigError("distribution.spectrum: a density needs P(k) > 0 at all modes")
        self.amplitude = None if amplitude is None else checked(amplitude)

    def amplitudes(self, n: int, *, draw: torch.Generator) -> Tensor:
        """A of n samples, (n, 1)."""
        if self.amplitude is None:
            return torch.ones(n, 1, dtype=torch.float64)
        low, high = (math.log(a) for a in self.amplitude)
        return (low + (high - low) * torch.rand(n, 1, generator=draw, dtype=torch.float64)).exp()

    def standard(self, n: int, *, draw: torch.Generator) -> Tensor:
        """g (n, 1, side, side)."""
        white = torch.randn(n, *self.shape, generator=draw, dtype=torch.float64)
        return torch.fft.ifft2(torch.fft.fft2(white) * self.spectrum.sqrt()).real

    def sample(self, n: int, *, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Fields (n, 1, side, side) and A (n, 1)."""
        A = self.amplitudes(n, draw=draw)
        return A[:, :, None, None] * self.standard(n, draw=draw), A

    def standard_log_prob(self, g: Tensor) -> Tensor:
        """The log density (N,) of fields of amplitude 1."""
        power = self.spectrum.to(g.device)
        modes = torch.fft.fft2(g.double()).abs().square() / self.side**2
        return -0.5 * ((modes / power).flatten(1).sum(dim=1) + (2 * math.pi * power).log().sum())

    def log_prob(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """The log density (N,) given A (N, 1).

        Raises:
            ConfigError: no label, where A varies.
        """
        A = known(label, x, varies=self.amplitude is not None)
        return self.standard_log_prob(x / A[:, :, None, None]) - self.side**2 * A[:, 0].log()

    def entropy(self) -> float:
        """In nats, given A: its mean over A."""
        own = 0.5 * float((2 * math.pi * self.spectrum).log().sum()) + self.side**2 / 2
        return own + self.side**2 * mean_log(self.amplitude)

    def power(self) -> Tensor:
        """The exact mean P(k) of samples at all modes, (side, side)."""
        return self.spectrum * mean_square(self.amplitude)

    def correlation(self) -> Tensor:
        """ξ_G at all separations (rows, columns) of fields of amplitude 1, (side, side)."""
        return torch.fft.ifft2(self.spectrum).real


def checked(amplitude: Sequence[float]) -> tuple[float, float]:
    """Two amplitudes in order."""
    if len(amplitude) != 2 or not 0 < amplitude[0] < amplitude[1]:
        raise ConfigError(f"distribution.amplitude: expected [low, high] with 0 < low < high, got {list(amplitude)}")
    return float(amplitude[0]), float(amplitude[1])


def known(label: Tensor | None, x: Tensor, *, varies: bool) -> Tensor:
    """A of samples (N, 1): their labels, or 1 where it does not vary."""
    if label is not None:
        return label.double().reshape(len(x), 1).to(x.device)
    if varies:
        raise ConfigError("distribution.amplitude: a density of fields of several amplitudes needs their amplitudes")
    return torch.ones(len(x), 1, dtype=torch.float64, device=x.device)


def mean_log(amplitude: tuple[float, float] | None) -> float:
    """The mean of log A."""
    return 0.0 if amplitude is None else 0.5 * (math.log(amplitude[0]) + math.log(amplitude[1]))


def mean_square(amplitude: tuple[float, float] | None) -> float:
    """The mean of A², for log A evenly distributed."""
    if amplitude is None:
        return 1.0
    low, high = amplitude
    return (high**2 - low**2) / (2 * math.log(high / low))
