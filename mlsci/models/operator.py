"""Operator learning: supervised learning of maps between functions, tested on a finer grid as well."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.base import Evaluation
from mlsci.models.supervised import Supervised
from mlsci.nets.scaling import Standardise

POINTS = 2**17  # of the fields that go through the net together when nothing is learned: what memory is good for


class Symmetries(Protocol):
    """A group that acts on fields and commutes with the map between them."""

    def drawn(self, *fields: Tensor) -> tuple[Tensor, ...]:
        """Fields that belong together, changed alike by random elements."""

    def averaged(self, net: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """The map of a net, made to commute with the group as far as that is asked for."""


class Operator(Supervised):
    """`Supervised` for fields (B, channels, *grid); where the data has a part "finer", two further test values.

    For every metric `test/<metric>_finer` on a grid that the net has never seen, and `test/<metric>_finer_ratio` to
    that of the test part. Both are NaN for a net that takes one grid only.

    Args:
        symmetries: of the map; pairs are changed by random ones in training. None: none are known.
        The rest is that of `Supervised`.
    """

    def __init__(
        self,
        *,
        net: nn.Module,
        criterion: Callable[[Tensor, Tensor], Tensor],
        metrics: Mapping[str, Metric] | None = None,
        inputs: Standardise | None = None,
        targets: Standardise | None = None,
        output: nn.Module | None = None,
        shape: Sequence[int] | None = None,
        augment: nn.Module | None = None,
        symmetries: Symmetries | None = None,
    ):
        super().__init__(
            net=net,
            criterion=criterion,
            metrics=metrics,
            inputs=inputs,
            targets=targets,
            output=output,
            shape=shape,
            augment=augment,
        )
        self.symmetries = symmetries

    def outputs(self, x: Tensor) -> Tensor:
        """Fields (B, channels', *grid) in the units of the criterion."""
        if self.training or self.symmetries is None:
            return super().outputs(x)
        return self.symmetries.averaged(super().outputs, x)

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The criterion of a batch (x, y), changed by random symmetries."""
        return super().loss(batch if self.symmetries is None else self.symmetries.drawn(*batch))

    def evaluate(self, batch: Any) -> Evaluation:
        """Loss and predictions, some fields at a time."""
        x, y = batch
        return self.compared(torch.cat([self.outputs(some) for some in _pieces(x)]), y)

    def predict(self, inputs: Tensor) -> Tensor:
        """Fields (B, channels', *grid) in physical units, some at a time."""
        return torch.cat([self(some) for some in _pieces(inputs)])

    def final_metrics(self, data: Any) -> dict[str, float]:
        """The metrics on the finer grid (zero-shot super-resolution)."""
        if not data.has("finer"):
            return {}
        coarse, fine = self._measured(data, part="test"), self._measured(data, part="finer")
        found = {f"test/{name}_finer": value for name, value in fine.items()}
        return found | {f"test/{name}_finer_ratio": value / coarse[name] for name, value in fine.items()}

    @torch.no_grad()
    def _measured(self, data: Any, *, part: str) -> dict[str, float]:
        """The test metrics on a part."""
        x, y = data.split(part).tensors
        try:
            predictions = self.predict(x.to(self.device)).cpu()
        except ValueError:  # how nets refuse a shape
            return dict.fromkeys(self.test_metrics, math.nan)
        return {name: float(_value(metric, predictions, y)) for name, metric in self.test_metrics.items()}


def _pieces(x: Tensor) -> tuple[Tensor, ...]:
    """Fields (B, channels, *grid) in parts of `POINTS` points at most, or of one field."""
    return x.split(max(POINTS // x[0, 0].numel(), 1))


def _value(metric: Any, predictions: Tensor, targets: Tensor) -> Tensor:
    fresh = metric.clone().cpu()
    fresh.reset()
    fresh.update(predictions, targets)
    return fresh.compute()
