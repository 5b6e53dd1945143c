"""Peaks of periodic fields: how many local maxima lie above which height."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.agreement import mean_square_deviation
from mlsci.metrics.samples.base import check, warn_if_few

FEWEST = 100


def peak_counts(fields: Tensor, heights: Tensor) -> Tensor:
    """Maxima among their eight neighbours in bins of height, (N, len(heights) + 1), of fields (N, ..., rows, columns).

    Bins lie below the first height, between two, and above the last. Opposite edges are neighbours.
    """
    shape = fields.shape
    values = fields.detach().double().reshape(len(fields), -1, shape[-2], shape[-1])
    highest = torch.full_like(values, -torch.inf)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if down or right:
                highest = torch.maximum(highest, values.roll((down, right), dims=(-2, -1)))
    bins = len(heights) + 1
    index = torch.bucketize(values, heights.to(values)) + bins * torch.arange(len(values))[:, None, None, None].to(
        values.device
    )
    return torch.bincount(index[values > highest], minlength=bins * len(values)).reshape(-1, bins).double()


@dataclass(frozen=True, kw_only=True)
class PeakCounts:
    """Relative error of the mean number of peaks (`error`), and `chi2` of their numbers in bins of height.

    `chi2` is near 1 for samples of the truth. Heights are in standard deviations of the true values above their mean.

    Args:
        lowest, highest: first and last edge between bins.
        bins: between the two.
    """

    lowest: float = -1.0
    highest: float = 4.0
    bins: int = 10

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        check(samples, truth)
        warn_if_few("peak counts", min(len(samples), len(truth)), FEWEST)
        std, mean = torch.std_mean(truth.detach().double())
        heights = mean + std * torch.linspace(self.lowest, self.highest, self.bins + 1, dtype=torch.float64).to(mean)
        ours, theirs = peak_counts(samples, heights), peak_counts(truth, heights)
        total = theirs.sum(dim=1).mean()
        error = (ours.sum(dim=1).mean() / total - 1).abs()
        return {"error": float(error), "chi2": mean_square_deviation(ours, theirs)}
