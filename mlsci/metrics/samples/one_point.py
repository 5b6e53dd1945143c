"""The distribution of single values (pixels) in two sets of samples."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.agreement import mean_square_deviation
from mlsci.metrics.samples.base import check, warn_if_few

FEWEST = 100


def histograms(samples: Tensor, edges: Tensor) -> Tensor:
    """Share of the values of each sample (N, ...) in each bin, the outer two open: (N, len(edges) + 1)."""
    values = samples.detach().double().flatten(1).contiguous()
    bins = len(edges) + 1
    index = torch.bucketize(values, edges.to(values)) + bins * torch.arange(len(values), device=values.device)[:, None]
    counts = torch.bincount(index.flatten(), minlength=bins * len(values))
    return counts.reshape(len(values), bins).double() / values.shape[1]


@dataclass(frozen=True, kw_only=True)
class OnePointPDF:
    """Total variation ½ Σ |p - q| of the two histograms, over bins that hold equal shares of the truth.

    `chi2` is the mean squared difference over bins in units of the sampling error between samples: near 1 for
    samples of the truth.

    Args:
        bins: how many.
    """

    bins: int = 32

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        check(samples, truth)
        warn_if_few("one-point PDF", min(len(samples), len(truth)), FEWEST)
        edges = equal_shares(truth, self.bins)
        ours, theirs = histograms(samples, edges), histograms(truth, edges)
        distance = (ours.mean(dim=0) - theirs.mean(dim=0)).abs().sum() / 2
        return {"distance": float(distance), "chi2": mean_square_deviation(ours, theirs)}


def equal_shares(values: Tensor, bins: int) -> Tensor:
    """Inner edges (bins - 1,) between bins with equal shares of `values`; equal ones are taken once."""
    ordered = values.detach().double().flatten().sort().values
    at = torch.arange(1, bins, device=ordered.device) * len(ordered) // bins
    return ordered[at].unique()
