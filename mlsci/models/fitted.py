"""An estimator in the place of a net: fitted at once, then tested, saved and used like every model."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.base import Estimator, Evaluation, Model
from mlsci.nets.scaling import Standardise


class Fitted(Model):
    """Wraps an estimator: `run` calls `fit_at_once` on the whole training part instead of a training loop.

    Args:
        estimator: with `fit(x, y)` and `forward(x)`.
        metrics: compare `predict(x)` with y, by name.
        inputs: scales inputs; None leaves them.
        output: from outputs to predictions, for example softmax.
    """

    fitted_at_once = True

    def __init__(
        self,
        *,
        estimator: Estimator,
        metrics: Mapping[str, Metric] | None = None,
        inputs: Standardise | None = None,
        output: nn.Module | None = None,
    ):
        super().__init__(metrics=metrics)
        self.estimator = estimator
        self.inputs = inputs
        self.output = output

    def fit_at_once(self, x: Tensor, y: Tensor, val: tuple[Tensor, Tensor] | None = None) -> None:
        """Fit on inputs (N, ...) and targets (N,) or (N, targets); what there is to choose, `val` decides."""
        if val is not None:
            self.estimator.choose((self._scaled(x), y), (self._scaled(val[0]), val[1]))
        self.estimator.fit(self._scaled(x), y)

    def forward(self, x: Tensor) -> Tensor:
        """Predictions (B, classes) or (B, targets)."""
        y = self.estimator.predict(self._scaled(x))
        return y if self.output is None else self.output(y)

    def evaluate(self, batch: Any) -> Evaluation:
        """Predictions beside targets; the loss is the mean squared or the logarithmic one."""
        x, y = batch
        predictions = self(x)
        if y.is_floating_point():
            loss = (predictions - y).square().mean()
        else:
            loss = nn.functional.nll_loss(predictions.clamp_min(1e-12).log(), y)
        return Evaluation(loss=loss, predictions=predictions, targets=y)

    def _scaled(self, x: Tensor) -> Tensor:
        return (x if self.inputs is None else self.inputs(x)).to(torch.float64)
