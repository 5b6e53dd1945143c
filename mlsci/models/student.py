"""Robust regression with a width for every sample: Student-t likelihood (Lange, Little & Taylor 1989)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.base import Evaluation, Model
from mlsci.nets.scaling import Standardise


class StudentT(Model):
    """A net gives location μ and log width s of every target; L = (ν + 1)/2 log(1 + ((t - μ)/e^s)²/ν) + s.

    Outliers pull a Student-t likelihood far less than a square, and noisy samples get a larger width
    instead of a say in the mean. With t in standardised units, constants left out.

    Args:
        net: maps standardised inputs (B, *inputs) to (B, 2 · targets): locations, then log widths.
        targets: scales targets, and locations back to physical units.
        metrics: compare `predict(x)`, the location, with y.
        inputs: scales inputs; None leaves them.
        freedom: ν, degrees of freedom.
        first_width: width that a log width of zero stands for, in standard deviations of the targets.
    """

    def __init__(
        self,
        *,
        net: nn.Module,
        targets: Standardise,
        metrics: Mapping[str, Metric] | None = None,
        inputs: Standardise | None = None,
        freedom: float = 3.0,
        first_width: float = 0.3,
    ):
        super().__init__(metrics=metrics)
        if freedom <= 0 or first_width <= 0:
            raise ValueError(f"freedom, first_width: expected positive numbers, got {freedom} and {first_width}")
        self.net = net
        self.targets = targets
        self.inputs = inputs
        self.freedom = freedom
        self.first_width = first_width

    def distribution(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Location and width, both (B, targets), in standardised units."""
        location, log_width = self.net(x if self.inputs is None else self.inputs(x)).chunk(2, dim=1)
        return location, self.first_width * log_width.clamp(-4.0, 4.0).exp()

    def forward(self, x: Tensor) -> Tensor:
        """The location (B, targets), in physical units."""
        return self.targets.inverse(self.distribution(x)[0])

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The negative log likelihood of a batch (x, y)."""
        x, y = batch
        location, width = self.distribution(x)
        return self._likelihood(location, width, y), {}

    def evaluate(self, batch: Any) -> Evaluation:
        """Loss and predictions from one pass through the net."""
        x, y = batch
        location, width = self.distribution(x)
        loss = self._likelihood(location, width, y)
        return Evaluation(loss=loss, predictions=self.targets.inverse(location), targets=y)

    def _likelihood(self, location: Tensor, width: Tensor, y: Tensor) -> Tensor:
        distance = (self.targets(y) - location) / width
        tail = torch.log1p(distance.square() / self.freedom)
        return (0.5 * (self.freedom + 1) * tail + width.log()).mean()
