"""Log-normal random fields: the exponential of a Gaussian one (Coles and Jones 1991, MNRAS 248, 1)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.distributions.base import Distribution
from mlsci.science.distributions.gaussian_field import GaussianField, Spectrum, known, mean_square


class LognormalField(Distribution):
    """δ = exp(σ g - σ²/2) - 1 with a Gaussian field g of variance 1, whose correlation is exactly ξ = exp(σ² ξ_g) - 1.

    Samples are x = A δ / √(exp σ² - 1), so that they have mean 0 and, for A = 1, variance 1. The label is A.

    Args:
        sigma: σ, above 0; 0.5 is nearly Gaussian, 1 has a long tail.
        side, spectrum, amplitude: as in `GaussianField`; the spectrum is that of g.
    """

    def __init__(
        self, *, side: int = 64, spectrum: Spectrum, sigma: float = 0.7, amplitude: Sequence[float] | None = None
    ):
        if not 0 < sigma < 5:
            raise ConfigError(f"distribution.sigma: expected between 0 and 5, got {sigma}")
        self.gaussian = GaussianField(side=side, spectrum=spectrum, amplitude=amplitude)
        self.shape, self.side, self.sigma = self.gaussian.shape, side, sigma
        self.std = math.sqrt(math.expm1(sigma**2))  # of δ

    def sample(self, n: int, *, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Fields (n, 1, side, side) and A (n, 1)."""
        A = self.gaussian.amplitudes(n, draw=draw)
        delta = torch.expm1(self.sigma * self.gaussian.standard(n, draw=draw) - self.sigma**2 / 2)
        return A[:, :, None, None] * delta / self.std, A

    def log_prob(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """The log density (N,) given A (N, 1); -inf where a value lies below the smallest possible one."""
        A = known(label, x, varies=self.gaussian.amplitude is not None)[:, :, None, None]
        density = 1 + self.std * x.double() / A  # 1 + δ
        possible = (density > 0).flatten(1).all(dim=1)
        log = density.clamp_min(torch.finfo(torch.float64).tiny).log()
        g = (log + self.sigma**2 / 2) / self.sigma
        volume = (log + math.log(self.sigma / self.std) + A.log()).flatten(1).sum(dim=1)  # log dx/dg
        return torch.where(possible, self.gaussian.standard_log_prob(g) - volume, -torch.inf)

    def entropy(self) -> float:
        """In nats, given A: that of g, plus the mean of log dx/dg."""
        return self.gaussian.entropy() + self.side**2 * (math.log(self.sigma / self.std) - self.sigma**2 / 2)

    def power(self) -> Tensor:
        """The exact mean P(k) of samples at all modes, (side, side)."""
        return torch.fft.fft2(self.correlation()).real * mean_square(self.gaussian.amplitude)

    def correlation(self) -> Tensor:
        """ξ / (exp σ² - 1) at all separations, (side, side), of fields of amplitude 1."""
        return torch.expm1(self.sigma**2 * self.gaussian.correlation()) / self.std**2
