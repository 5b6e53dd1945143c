"""Metrics that need all predictions at once."""

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class Collected(Metric):
    """Keeps predictions and targets of all batches and devices; a subclass writes `measure`."""

    predictions: list[Tensor]
    targets: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("predictions", [], dist_reduce_fx="cat")
        self.add_state("targets", [], dist_reduce_fx="cat")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Keep a batch."""
        self.predictions.append(predictions.detach())
        self.targets.append(targets.detach())

    def compute(self) -> Tensor:
        """The measure of everything kept, in float64."""
        predictions = dim_zero_cat(self.predictions).double()
        targets = dim_zero_cat(self.targets)
        return self.measure(predictions, targets.double() if targets.is_floating_point() else targets)

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """The value for all predictions and targets."""
        raise NotImplementedError


def median(values: Tensor) -> Tensor:
    """The median, the mean of the middle two for an even count (torch's own takes the lower)."""
    return torch.quantile(values.flatten(), 0.5)
