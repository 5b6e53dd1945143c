"""Probabilistic PCA in closed form (Tipping and Bishop 1999, J. R. Statist. Soc. B 61, 611): the best linear VAE."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.errors import ConfigError


@dataclass(frozen=True)
class ProbabilisticPCA:
    """x = W z + μ + noise with z ~ N(0, 1) and noise of one variance, at its largest likelihood.

    Attributes:
        mean: μ (d,).
        weight: W (d, latent), up to a rotation of z.
        variance: of the noise: the mean of the eigenvalues that W leaves out.
    """

    mean: Tensor
    weight: Tensor
    variance: float

    @property
    def covariance(self) -> Tensor:
        """W Wᵀ + variance · 1, (d, d)."""
        identity = torch.eye(len(self.mean), dtype=self.mean.dtype, device=self.mean.device)
        return self.weight @ self.weight.T + self.variance * identity

    def log_prob(self, x: Tensor) -> Tensor:
        """The log density (N,) of rows (N, d) in nats."""
        lower = torch.linalg.cholesky(self.covariance)
        away = torch.linalg.solve_triangular(lower, (x.double() - self.mean).T, upper=False)  # (d, N)
        return -0.5 * away.square().sum(dim=0) - lower.diagonal().log().sum() - len(lower) / 2 * math.log(2 * math.pi)


def fit(x: Tensor, *, latent: int) -> ProbabilisticPCA:
    """The fit of largest likelihood to rows x (N, d), in float64.

    Raises:
        ConfigError: not 0 < latent < d, or rows that lie in `latent` dimensions, where the likelihood has no bound.
    """
    x = x.double()
    if not 0 < latent < x.shape[1]:
        raise ConfigError(f"latent: expected between 1 and {x.shape[1] - 1}, got {latent}")
    mean = x.mean(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    values, vectors = values.flip(0), vectors.flip(1)
    variance = float(values[latent:].mean())
    if variance <= 1e-12 * float(values[0]):
        raise ConfigError(f"latent: the data have {latent} dimensions or fewer, the noise would have no variance")
    weight = vectors[:, :latent] * (values[:latent] - variance).clamp_min(0).sqrt()
    return ProbabilisticPCA(mean=mean, weight=weight, variance=variance)


def best_mean_log_prob(x: Tensor, *, latent: int) -> float:
    """The mean log density of x (N, d) under its own fit, by eigenvalues alone: what a linear VAE can reach (nats)."""
    d = x.shape[1]
    values = torch.linalg.eigvalsh(torch.cov(x.double().T, correction=0)).flip(0)
    left = float(values[latent:].mean())
    return -0.5 * (d * math.log(2 * math.pi) + float(values[:latent].log().sum()) + (d - latent) * math.log(left) + d)
