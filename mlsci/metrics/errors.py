"""Errors of regression and forecasting, in the units of the target."""

import torch
from torch import Tensor, tensor
from torchmetrics import Metric

from mlsci.metrics.collected import Collected


class MeanError(Metric):
    """Mean over all values of a function of prediction and target; a subclass writes `error`."""

    total: Tensor
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("seen", tensor(0), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Add a batch."""
        self.total += self.error(predictions.double(), targets.double()).sum()
        self.seen += targets.numel()

    def compute(self) -> Tensor:
        """The mean."""
        return self.total / self.seen

    def error(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """The error of every value."""
        raise NotImplementedError


class MAE(MeanError):
    """Mean absolute error."""

    def error(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """|p - t|."""
        return (predictions - targets).abs()


class MSE(MeanError):
    """Mean squared error."""

    def error(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """(p - t)²."""
        return (predictions - targets).square()


class RMSE(MSE):
    """Root of the mean squared error."""

    def compute(self) -> Tensor:
        """√MSE."""
        return super().compute().sqrt()


class SMAPE(MeanError):
    """Symmetric mean absolute percentage error, 200 |p - t| / (|p| + |t|), in percent; 0 where both are 0."""

    def error(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """The percentage of every value."""
        scale = predictions.abs() + targets.abs()
        return 200 * (predictions - targets).abs() / torch.where(scale > 0, scale, 1.0)


class R2(Collected):
    """Coefficient of determination, 1 - Σ(p - t)² / Σ(t - mean t)², the mean over target columns."""

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """1 for perfect predictions, 0 for those as good as the mean."""
        rest = (predictions - targets).square().sum(0)
        total = (targets - targets.mean(0)).square().sum(0)
        return (1 - rest / total).mean()
