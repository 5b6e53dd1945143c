"""The Fréchet distance of normal distributions fitted to features (Heusel et al. 2017, arXiv:1706.08500)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.base import Features, rows, warn_if_few


@dataclass(frozen=True, kw_only=True)
class FrechetDistance:
    """|μ - ν|² + tr(A + B - 2 (A B)^½) of means and covariances of features: `squared`.

    It is biased upwards for few samples, and needs more samples than features.

    Args:
        features: samples -> (N, d); None: the flat samples.
    """

    features: Features | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        ours, theirs = rows(samples, truth, features=self.features)
        warn_if_few(f"Fréchet distance of {ours.shape[1]} features", min(len(ours), len(theirs)), ours.shape[1] + 1)
        moments = [
            values for part in (ours, theirs) for values in (part.mean(dim=0), torch.atleast_2d(torch.cov(part.T)))
        ]
        return {"squared": frechet(*moments)}


def frechet(mu: Tensor, A: Tensor, nu: Tensor, B: Tensor) -> float:
    """The squared distance of N(mu, A) and N(nu, B)."""
    root = _root(A)
    cross = torch.linalg.eigvalsh(root @ B @ root).clamp_min(0).sqrt().sum()  # tr (A B)^½
    return float((mu - nu).square().sum() + A.trace() + B.trace() - 2 * cross)


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T
