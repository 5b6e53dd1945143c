"""Metrics of forecasts (B, horizon, F): relative to the variance of the series, and in Lyapunov times."""

from collections.abc import Sequence

import torch
from torch import Tensor, tensor
from torchmetrics import Metric

from mlsci.metrics.collected import Collected


class NMSE(Collected):
    """Mean squared error over the variance of the targets: 1 for a forecast of their mean.

    Args:
        variance: what to divide by instead, where a publication fixes it.
    """

    def __init__(self, *, variance: float | None = None) -> None:
        super().__init__()
        if variance is not None and variance <= 0:
            raise ValueError(f"NMSE: variance must be positive, got {variance}")
        self.variance = variance

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """The ratio; infinite for targets that are all the same."""
        error = (predictions - targets).square().mean()
        return error / (targets.var(correction=0) if self.variance is None else self.variance)


class ValidTime(Metric):
    """Valid prediction time: how long |forecast − truth| stays below `threshold` √⟨|y − ȳ|²⟩, mean over windows.

    The norm runs over the F variables; 0.4 is the threshold of Vlachas et al. (2020, Neural Networks 126, 191). A
    forecast that is valid to its last value counts with the whole horizon.

    Args:
        step: time between two values.
        lyapunov_time: the unit of the answer, in the same unit of time.
        std: deviation of each variable over the series, a number or F of them.
        threshold: largest error, in deviations of the whole series.
    """

    total: Tensor
    seen: Tensor

    def __init__(
        self, *, step: float, lyapunov_time: float, std: float | Sequence[float] = 1.0, threshold: float = 0.4
    ) -> None:
        super().__init__()
        if step <= 0 or lyapunov_time <= 0 or threshold <= 0:
            raise ValueError(
                "ValidTime: step, lyapunov_time and threshold must be positive, "
                f"got {step}, {lyapunov_time} and {threshold}"
            )
        self.step, self.lyapunov_time, self.threshold = step, lyapunov_time, threshold
        deviations = torch.tensor([std] if isinstance(std, int | float) else list(std), dtype=torch.float64)
        self.size = float(deviations.square().sum().sqrt())
        self.add_state("total", tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("seen", tensor(0), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Add a batch (B, horizon, F)."""
        error = (predictions.double() - targets.double()).square().sum(dim=2).sqrt() / self.size  # (B, horizon)
        valid = (error <= self.threshold).long().cumprod(dim=1).sum(dim=1)  # NaN is not valid
        self.total += valid.double().sum() * self.step / self.lyapunov_time
        self.seen += len(targets)

    def compute(self) -> Tensor:
        """The mean, in Lyapunov times."""
        return self.total / self.seen
