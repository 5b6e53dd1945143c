"""Lower bounds of log p(x) that a variational autoencoder is trained with."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mlsci.models.posterior import Posterior, prior_log_prob

LogLikelihood = Callable[[Tensor], Tensor]  # z (K, B, latent) -> log p(x | z) (K, B)


class Bound(Protocol):
    """(posterior, log-likelihood) -> losses (B,), and scalars to log."""

    def __call__(self, posterior: Posterior, log_likelihood: LogLikelihood) -> tuple[Tensor, dict[str, Tensor]]: ...


@dataclass(frozen=True, kw_only=True)
class ELBO:
    """E_q[log p(x | z)] - β KL(q | p): the evidence lower bound for β = 1 (Higgins et al. 2017 for others).

    Args:
        beta: weight of the divergence, which is exact; the expectation is a mean over `samples` draws.

    Raises:
        ValueError: fewer than one sample, a negative beta.
    """

    beta: float = 1.0
    samples: int = 1

    def __post_init__(self) -> None:
        if self.samples < 1 or self.beta < 0:
            raise ValueError(f"ELBO: expected samples >= 1 and beta >= 0, got {self.samples} and {self.beta}")

    def __call__(self, posterior: Posterior, log_likelihood: LogLikelihood) -> tuple[Tensor, dict[str, Tensor]]:
        found = log_likelihood(posterior.draw(self.samples))  # (K, B)
        reconstruction = -(found[0] if self.samples == 1 else found.mean(dim=0))  # (B,)
        kl = posterior.kl()  # (B,)
        loss = torch.add(reconstruction, kl, alpha=self.beta)
        return loss, {"reconstruction": reconstruction.mean(), "kl": kl.mean()}


@dataclass(frozen=True, kw_only=True)
class IWAE:
    """log 1/K Σ p(x, z_k) / q(z_k | x), which grows with K towards log p(x) (Burda et al. 2016, arXiv:1509.00519).

    With `doubly_reparametrised` the encoder's gradient is that of Tucker et al. (2019, arXiv:1810.04152), whose
    signal does not drown in noise as K grows. Raises ValueError for fewer than one sample.
    """

    samples: int = 50
    doubly_reparametrised: bool = True

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"IWAE: samples must be at least 1, got {self.samples}")

    def __call__(self, posterior: Posterior, log_likelihood: LogLikelihood) -> tuple[Tensor, dict[str, Tensor]]:
        z = posterior.draw(self.samples)  # (K, B, latent)
        doubly = self.doubly_reparametrised and z.requires_grad
        q = posterior.detached() if doubly else posterior
        weights = log_weights(z, q, log_likelihood)  # (K, B)
        loss = math.log(self.samples) - torch.logsumexp(weights, dim=0)  # (B,)
        if not doubly:
            return loss, {}
        shares = weights.detach().softmax(dim=0)  # (K, B)
        z.register_hook(lambda gradient: gradient * shares.unsqueeze(-1))
        # the value is the bound, the gradient that of -Σ share · log weight
        surrogate = -(shares * weights).sum(dim=0)
        return surrogate + (loss - surrogate).detach(), {}


def log_weights(z: Tensor, q: Posterior, log_likelihood: LogLikelihood) -> Tensor:
    """log p(x | z) + log p(z) - log q(z | x) of z (K, B, latent): (K, B)."""
    return log_likelihood(z) + prior_log_prob(z) - q.log_prob(z)
