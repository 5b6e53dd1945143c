"""The relative L2 error, the measure of fields."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric


class RelativeL2(Metric):
    """‖prediction − target‖₂ / ‖target‖₂ over all samples and fields, in float64.

    Args:
        of: an equation whose `scored(values)` says what is compared; None compares the values themselves.
    """

    squares: Tensor
    norm: Tensor

    def __init__(self, *, of: Any = None):
        super().__init__()
        self.scored: Callable[[Tensor], Tensor] = _same if of is None else of.scored
        self.add_state("squares", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("norm", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Add samples (N, fields)."""
        ours, truth = self.scored(predictions.double()), self.scored(targets.double())
        self.squares = self.squares + (ours - truth).square().sum()
        self.norm = self.norm + truth.square().sum()

    def compute(self) -> Tensor:
        """The error; NaN where all targets are zero."""
        return (self.squares / self.norm).sqrt()


def _same(values: Tensor) -> Tensor:
    return values


class MeanRelativeL2(Metric):
    """The mean over samples of ‖prediction − target‖₂ / ‖target‖₂, in float64: as neural operators are compared."""

    total: Tensor
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("seen", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Add samples (N, ...)."""
        ours, truth = predictions.double().flatten(1), targets.double().flatten(1)
        self.total = self.total + ((ours - truth).norm(dim=1) / truth.norm(dim=1)).sum()
        self.seen = self.seen + len(truth)

    def compute(self) -> Tensor:
        """The error; infinite or NaN where a target is zero everywhere."""
        return self.total / self.seen
