"""What importance weights say: effective sample size, the normalisation log Z, and an importance-sampled NLL."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.base import warn_if_few

FEWEST = 10_000  # weights behind an effective sample size: fewer miss the rare large ones


def effective_sample_size(log_weights: Tensor) -> Tensor:
    """(Σ w)² / (N Σ w²) along the first axis, between 1/N and 1, in float64 (Kong 1992)."""
    log_weights = log_weights.double()
    total = 2 * torch.logsumexp(log_weights, dim=0) - torch.logsumexp(2 * log_weights, dim=0)
    return total.exp() / len(log_weights)


@dataclass(frozen=True)
class Normalisation:
    """log Z and its standard error, to first order in the spread of the weights."""

    log_z: float
    stderr: float
    share: float


def normalisation(log_weights: Tensor) -> Normalisation:
    """log of the mean of w = exp(-S) / q over samples of q, log weights (N,).

    Warns for fewer than 10,000 samples.
    """
    warn_if_few("log Z and effective sample size", len(log_weights), FEWEST)
    share = float(effective_sample_size(log_weights))
    log_z = float(torch.logsumexp(log_weights.double(), dim=0)) - math.log(len(log_weights))
    stderr = math.sqrt(max(1 / share - 1, 0.0) / len(log_weights))
    return Normalisation(log_z=log_z, stderr=stderr, share=share)


def importance_nll(log_weights: Tensor, *, warn: bool = True) -> Tensor:
    """-log mean_k w of log weights log p(x, z_k) - log q(z_k | x), (K, B): the NLL (B,) in nats.

    With `warn` it says so where the median effective sample size is below two draws, so that single ones set the value.
    """
    K = len(log_weights)
    if warn:
        draws = float((effective_sample_size(log_weights) * K).median())
        warn_if_few("importance-sampled NLL: effective draws", math.floor(draws), min(2, K))
    return math.log(K) - torch.logsumexp(log_weights.double(), dim=0)
