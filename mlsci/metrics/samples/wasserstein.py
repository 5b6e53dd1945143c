"""Wasserstein distances of samples on a line, and their mean over random directions (Bonneel et al. 2015)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.base import Features, rows, warn_if_few

FEWEST = 100


def on_a_line(ours: Tensor, truth: Tensor, *, order: int) -> Tensor:
    """∫ |F⁻¹ - G⁻¹|^order over quantiles, for values (N, L) and (M, L) of L pairs of samples: (L,)."""
    ours, truth = ours.sort(dim=0).values, truth.sort(dim=0).values
    N, M = len(ours), len(truth)
    if N == M:
        return (ours - truth).abs().pow(order).mean(dim=0)
    steps = (
        torch.cat([torch.arange(N) * M, torch.arange(M) * N]).sort().values
    )  # levels where a quantile changes, · N M
    width = torch.diff(steps, append=torch.tensor([N * M])).to(ours) / (N * M)
    steps = steps.to(ours.device)
    return width @ (ours[steps // M] - truth[steps // N]).abs().pow(order)


@dataclass(frozen=True, kw_only=True)
class SlicedWasserstein:
    """Sliced Wasserstein distances of first and second order, (mean over directions of W_p^p)^(1/p): `1` and `2`.

    Args:
        directions: random unit vectors.
        seed: of them.
        features: what is compared instead of the flat samples.
    """

    directions: int = 256
    seed: int = 0
    features: Features | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        ours, theirs = rows(samples, truth, features=self.features)
        warn_if_few("sliced Wasserstein distance", min(len(ours), len(theirs)), FEWEST)
        draw = torch.Generator().manual_seed(self.seed)
        unit = torch.randn(ours.shape[1], self.directions, generator=draw, dtype=torch.float64).to(ours)
        unit = unit / unit.norm(dim=0)
        ours, theirs = ours @ unit, theirs @ unit
        return {
            "1": float(on_a_line(ours, theirs, order=1).mean()),
            "2": float(on_a_line(ours, theirs, order=2).mean().sqrt()),
        }
