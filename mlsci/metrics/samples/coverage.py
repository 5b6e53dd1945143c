"""Fidelity and diversity by nearest neighbours: precision and recall, density and coverage."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.base import Features, rows, warn_if_few
from mlsci.metrics.samples.pairs import PIECE


@dataclass(frozen=True, kw_only=True)
class PrecisionRecall:
    """`precision`, `recall` (Kynkäänniemi et al. 2019), `density`, `coverage` (Naeem et al. 2020).

    A ball around each true sample reaches to its k-th neighbour among the others. Precision: share of samples in a
    ball; recall: the same with the roles swapped; density: balls a sample lies in, over k (1 is expected, and it may
    be more); coverage: share of balls that hold a sample.

    Args:
        k: neighbours.
        features: what is compared instead of the flat samples.
    """

    k: int = 5
    features: Features | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        ours, theirs = rows(samples, truth, features=self.features)
        fewest = min(len(ours), len(theirs))
        warn_if_few(f"precision and recall of {self.k} neighbours", fewest, 10 * self.k)
        if fewest <= self.k:
            return dict.fromkeys(("precision", "recall", "density", "coverage"), float("nan"))
        distance = torch.cat([torch.cdist(part, theirs) for part in ours.split(PIECE)])  # (N, M)
        inside = distance <= radii(theirs, self.k)
        recalled = distance <= radii(ours, self.k)[:, None]
        return {
            "precision": float(inside.any(dim=1).double().mean()),
            "recall": float(recalled.any(dim=0).double().mean()),
            "density": float(inside.double().sum() / (self.k * len(ours))),
            "coverage": float(inside.any(dim=0).double().mean()),
        }


def radii(x: Tensor, k: int) -> Tensor:
    """Distance of each row of x (N, d) to its k-th neighbour, itself not counted."""
    return torch.cat([torch.cdist(part, x).kthvalue(k + 1, dim=1).values for part in x.split(PIECE)])
