"""log p(x) of a variational autoencoder by importance sampling, in pieces that fit a cache."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from mlsci.metrics.importance import importance_nll
from mlsci.models.bounds import log_weights
from mlsci.models.posterior import Posterior

ROWS = 2048  # decoder inputs at once: a 784-400-40 decoder's activations then stay in the cache of a core
ROWS_GPU = 32768  # where launching a kernel costs more than what it computes
INPUTS = 128  # of them, different x


def log_marginal(
    x: Tensor,
    condition: Tensor,
    *,
    posterior: Callable[[Tensor, Tensor], Posterior],
    log_likelihood: Callable[..., Tensor],
    samples: int,
    warn: bool = True,
) -> Tensor:
    """log 1/K Σ p(x, z_k) / q(z_k | x) with K = `samples` draws from the posterior: (B,), no gradients.

    A lower bound in expectation, close to log p(x) for large K; 5000 is what the literature takes. With `warn` it
    says where single draws set the value.

    Args:
        x: (B, *shape).
        condition: (B, features).
        posterior: (x, condition) -> q(z | x).
        log_likelihood: (z (K, B, latent), x, condition) -> log p(x | z), (K, B).
    """
    together = ROWS if x.device.type == "cpu" else ROWS_GPU
    parts = []
    with torch.no_grad():
        for rows, told in zip(x.split(INPUTS), condition.split(INPUTS), strict=True):
            q, at_once = posterior(rows, told), max(together // len(rows), 1)
            found = []
            for start in range(0, samples, at_once):
                z = q.draw(min(at_once, samples - start))  # (k, B, latent)
                found.append(log_weights(z, q, partial(log_likelihood, x=rows, condition=told)))  # (k, B)
            parts.append(-importance_nll(torch.cat(found), warn=warn).to(x.dtype))
    return torch.cat(parts)
