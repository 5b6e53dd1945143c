"""The maximum mean discrepancy of kernels (Gretton et al. 2012, JMLR 13, 723), unbiased."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.base import Features, rows, warn_if_few
from mlsci.metrics.samples.pairs import squared_distances, unbiased

FEWEST = 100
MEDIAN_OF = 1000  # samples behind the median distance


@dataclass(frozen=True, kw_only=True)
class MMD:
    """E k(x, x') + E k(y, y') - 2 E k(x, y) with k = exp(-|x - y|² / 2h²), over different samples: `squared`.

    Args:
        bandwidth: h; None: the median distance of true samples.
        features: what is compared instead of the flat samples.
    """

    bandwidth: float | None = None
    features: Features | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        ours, theirs = rows(samples, truth, features=self.features)
        warn_if_few("MMD", min(len(ours), len(theirs)), FEWEST)
        h = median_distance(theirs) if self.bandwidth is None else self.bandwidth
        return {"squared": unbiased(ours, theirs, lambda x, y: torch.exp(-squared_distances(x, y) / (2 * h * h)))}


@dataclass(frozen=True, kw_only=True)
class KernelDistance:
    """The squared MMD with k = (x·y / d + 1)³ on features (N, d) (Bińkowski et al. 2018, KID): `squared`, unbiased.

    Args:
        features: samples -> (N, d); None: the flat samples.
    """

    features: Features | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        ours, theirs = rows(samples, truth, features=self.features)
        warn_if_few("kernel distance", min(len(ours), len(theirs)), FEWEST)
        return {"squared": unbiased(ours, theirs, cubic)}


def cubic(x: Tensor, y: Tensor) -> Tensor:
    """(x·y / d + 1)³ of rows (N, d) and (M, d)."""
    return (x @ y.T / x.shape[1] + 1).pow(3)


def median_distance(x: Tensor) -> float:
    """The median distance of different rows of x, over at most the first thousand."""
    distance = torch.pdist(x[:MEDIAN_OF])
    return float(distance.median()) or 1.0
