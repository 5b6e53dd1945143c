"""Probabilistic principal components in closed form (Tipping & Bishop 1999), the baseline of every autoencoder."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from mlsci.models.latent import Latent
from mlsci.models.posterior import LOG_2PI
from mlsci.nets.scaling import Standardise


class PCA(Latent):
    """x = mean + W z + σ n with z, n ~ N(0, 1), at the maximum of the likelihood; fitted at once.

    Tests log `nll`, -log p(x) exactly, in nats, and `reconstruction`, the mean squared error in scaled units of what
    the `latent` first components leave. `predict` gives -log p(x) as an anomaly score (B, 1).

    Args:
        shape: of one input.
        latent: components.
        inputs, metrics, pictured: as in `Generative`.

    Raises:
        ValueError: components that are not fewer than the values of an input, or than the samples.
    """

    fitted_at_once = True
    mean: Tensor
    components: Tensor
    variances: Tensor
    noise: Tensor

    def __init__(
        self,
        *,
        shape: Sequence[int],
        latent: int = 16,
        inputs: Standardise | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(shape=shape, inputs=inputs, metrics=metrics, pictured=pictured)
        if not 1 <= latent < self.features:
            raise ValueError(f"PCA: latent must be from 1 to {self.features - 1}, got {latent}")
        self.latent = latent
        unknown = torch.full((self.features,), torch.nan, dtype=torch.float64)
        self.register_buffer("mean", unknown)
        self.register_buffer("components", unknown.repeat(latent, 1))
        self.register_buffer("variances", unknown[:latent].clone())
        self.register_buffer("noise", torch.tensor(torch.nan, dtype=torch.float64))

    def fit_at_once(self, x: Tensor, y: Tensor, val: tuple[Tensor, Tensor] | None = None) -> None:
        """Fit to inputs (N, *shape); the targets are not looked at."""
        rows = self._flat(x)  # (N, D)
        if len(rows) <= self.latent:
            raise ValueError(f"PCA: expected more than latent={self.latent} samples, got {len(rows)}")
        self.mean.copy_(rows.mean(dim=0))
        values, vectors = torch.linalg.eigh((rows - self.mean).T @ (rows - self.mean) / len(rows))  # ascending
        self.components.copy_(vectors.T.flip(0)[: self.latent])  # (latent, D)
        self.variances.copy_(values.flip(0)[: self.latent])
        rest = values[: self.features - self.latent].clamp_min(0).mean()
        self.noise.copy_(rest.clamp_min(1e-12))

    def encode(self, x: Tensor, condition: Tensor) -> Tensor:
        """Coordinates (B, latent) along the components, in scaled units."""
        return (x.flatten(1).to(self.mean.dtype) - self.mean) @ self.components.T

    def decode(self, z: Tensor, condition: Tensor) -> Tensor:
        """The points (B, *shape) of coordinates (B, latent)."""
        return (self.mean + z @ self.components).reshape(len(z), *self.shape).float()

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) of data (B, *shape) in physical units, in nats: (B,), float64."""
        rows = self._flat(x) - self.mean
        z = rows @ self.components.T  # (B, latent)
        outside = rows.square().sum(dim=1) - z.square().sum(dim=1)
        variances = self.variances.clamp_min(self.noise)
        distance = (z.square() / variances).sum(dim=1) + outside / self.noise
        log_det = variances.log().sum() + (self.features - self.latent) * self.noise.log()
        return -0.5 * (distance + log_det + self.features * LOG_2PI) - self.log_volume

    def judged(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """-log p(x), also as `nll`, and the reconstruction error."""
        x = self.scaled(batch[0])
        told = self.condition(batch[1])
        error = (self.decode(self.encode(x, told), told) - x).square().mean()
        nll = -self.log_prob(batch[0]).mean()
        return nll, {"nll": nll, "reconstruction": error}

    def predict(self, inputs: Tensor) -> Tensor:
        """The anomaly score (B, 1) of inputs (B, *shape): -log p(x), in nats."""
        return -self.log_prob(inputs)[:, None].float()

    def draw(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units."""
        n, noise = len(condition), math.sqrt(float(self.noise))
        wide = (self.variances - self.noise).clamp_min(0).sqrt()
        z = torch.randn(n, self.latent, dtype=torch.float64, device=self.mean.device) * wide
        points = self.mean + z @ self.components + noise * torch.randn(n, self.features, device=self.mean.device)
        return points.reshape(n, *self.shape).float()

    def _flat(self, x: Tensor) -> Tensor:
        return self.scaled(x).flatten(1).to(self.mean.dtype)
