"""The normal distribution with a diagonal covariance that an encoder gives for each input."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Posterior:
    """q(z | x) = N(mean, exp(log_std)²), both (B, latent)."""

    mean: Tensor
    log_std: Tensor

    @classmethod
    def of(cls, outputs: Tensor) -> "Posterior":
        """From an encoder's outputs (B, 2 · latent): means, then logarithms of deviations, kept within ±10."""
        mean, log_std = outputs.chunk(2, dim=1)
        return cls(mean, log_std.clamp(-10.0, 10.0))

    def draw(self, samples: int) -> Tensor:
        """z (samples, B, latent), differentiable in both parameters (Kingma & Welling 2014)."""
        return self.at(torch.randn(samples, *self.mean.shape, device=self.mean.device, dtype=self.mean.dtype))

    def at(self, noise: Tensor) -> Tensor:
        """z = mean + std · noise (..., B, latent)."""
        return torch.addcmul(self.mean, self.log_std.exp(), noise)

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z | x) of z (..., B, latent): (..., B)."""
        n = (z - self.mean) * (-self.log_std).exp()
        return -(0.5 * n.square() + self.log_std + 0.5 * LOG_2PI).sum(dim=-1)

    def kl(self) -> Tensor:
        """KL(q | N(0, 1)) in nats, (B,)."""
        variance = (2 * self.log_std).exp()
        return 0.5 * (self.mean.square() + variance - 1 - 2 * self.log_std).sum(dim=1)

    def detached(self) -> "Posterior":
        """The same distribution, from which no gradient goes back."""
        return Posterior(self.mean.detach(), self.log_std.detach())


def prior_log_prob(z: Tensor) -> Tensor:
    """log N(z | 0, 1) of z (..., latent): (...)."""
    return -0.5 * (z.square().sum(dim=-1) + z.shape[-1] * LOG_2PI)
