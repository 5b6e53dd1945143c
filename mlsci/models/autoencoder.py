"""The autoencoder: plain, denoising (Vincent et al. 2008) or sparse."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.latent import Latent
from mlsci.nets.condition import Condition
from mlsci.nets.conditioned import Conditioned
from mlsci.nets.scaling import Standardise

MEMORY = 0.01  # share of a new batch in the running moments of codes


class Autoencoder(Latent):
    """L = |decoder(encoder(corrupt(x))) - x|² / elements + penalty(code), for batches (x, y).

    Logs `reconstruction`, the mean squared error in scaled units. `predict` gives that error of each input as an
    anomaly score (B, 1). The codes' running mean and covariance make a normal distribution, from which `sample`
    decodes: an autoencoder has no distribution of its own.

    Args:
        shape: of one input.
        encoder: makes the net from (B, *shape) to (B, latent).
        decoder: makes the net from (B, latent) to (B, *shape).
        latent: values of a code.
        corrupt: changes scaled inputs in training, such as mlsci.nets.augment.GaussianNoise; None: plain.
        penalty: (codes (B, latent)) -> scalar, mlsci.models.sparsity; None: none.
        inputs, condition, metrics, pictured: as in `Generative`.

    Raises:
        ValueError: fewer than one latent value.
    """

    code_mean: Tensor
    code_covariance: Tensor

    def __init__(
        self,
        *,
        shape: Sequence[int],
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        latent: int = 16,
        corrupt: nn.Module | None = None,
        penalty: Callable[[Tensor], Tensor] | None = None,
        inputs: Standardise | None = None,
        condition: Condition | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(shape=shape, inputs=inputs, condition=condition, metrics=metrics, pictured=pictured)
        if latent < 1:
            raise ValueError(f"Autoencoder: latent must be at least 1, got {latent}")
        told = self.condition.features
        self.encoder = Conditioned(encoder, inputs=self.shape, outputs=(latent,), features=told)
        self.decoder = Conditioned(decoder, inputs=(latent,), outputs=self.shape, features=told)
        self.corrupt = corrupt
        self.penalty = penalty
        self.register_buffer("code_mean", torch.zeros(latent))
        self.register_buffer("code_covariance", torch.eye(latent))

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The reconstruction error of a batch (x, y), and the penalty."""
        x, told = self.scaled(batch[0]), self.condition(batch[1])
        code = self.encoder(x if self.corrupt is None else self.corrupt(x), told)  # (B, latent)
        error = (self.decoder(code, told) - x).square().mean()
        if self.training:
            self._remember(code.detach())
        loss = error if self.penalty is None else error + self.penalty(code)
        return loss, {"reconstruction": error}

    def _remember(self, code: Tensor) -> None:
        if len(code) < 2:
            return
        self.code_mean.lerp_(code.mean(dim=0), MEMORY)
        away = code - self.code_mean
        self.code_covariance.lerp_(away.T @ away / len(code), MEMORY)

    def encode(self, x: Tensor, condition: Tensor) -> Tensor:
        """The code (B, latent)."""
        return self.encoder(x, condition)

    def decode(self, z: Tensor, condition: Tensor) -> Tensor:
        """What codes become (B, *shape)."""
        return self.decoder(z, condition)

    def predict(self, inputs: Tensor) -> Tensor:
        """The anomaly score (B, 1) of inputs (B, *shape): the mean squared reconstruction error in scaled units."""
        x = self.scaled(inputs)
        told = self.untold(len(x))
        return (self.decode(self.encode(x, told), told) - x).square().flatten(1).mean(dim=1, keepdim=True)

    def draw(self, condition: Tensor) -> Tensor:
        """Decoded draws (n, *shape) from the normal distribution of the codes, in scaled units."""
        values, vectors = torch.linalg.eigh(self.code_covariance)
        noise = torch.randn(len(condition), len(values), device=self.device) * values.clamp_min(0).sqrt()
        return self.decode(self.code_mean + noise @ vectors.T, condition)
