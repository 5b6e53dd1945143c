"""An estimator in the place of a net: fitted at once, then tested, saved and used like every model."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models import weights
from mlsci.models.base import Estimator, Evaluation, Model
from mlsci.models.linear_regression import LinearEstimator
from mlsci.nets.scaling import Standardise


class Fitted(Model):
    """Wraps an estimator: `run` calls `fit_at_once` on the whole training part instead of a training loop.

    Args:
        estimator: with `fit(x, y)` and `forward(x)`.
        metrics: compare `predict(x)` with y, by name.
        inputs: scales inputs; None leaves them.
        output: from outputs to predictions, for example softmax.
        peer: another implementation (scikit-learn's), fitted to the same rows; the weights are compared.

    Where the data knows the true weights (`notes()["true/weight"]`), or there is a peer, the test values of a linear
    estimator say how far its weights are from them, see `mlsci.models.weights`.
    """

    fitted_at_once = True

    def __init__(
        self,
        *,
        estimator: Estimator,
        metrics: Mapping[str, Metric] | None = None,
        inputs: Standardise | None = None,
        output: nn.Module | None = None,
        peer: Any = None,
    ):
        super().__init__(metrics=metrics)
        self.peer = peer
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

    def final_metrics(self, data: Any) -> dict[str, float]:
        """The distance of the weights to the true ones and to the peer's, where there are any."""
        found: dict[str, float] = {}
        if not isinstance(self.estimator, LinearEstimator):
            return found
        truth = data.notes().get("true/weight")
        if truth is not None:
            found |= weights.beside_truth(self.estimator, torch.as_tensor(truth))
        if self.peer is not None:
            x, y = data.split("train").tensors
            found |= weights.beside_peer(self.estimator, self.peer, self._scaled(x), y)
        return found

    def extras(self, inputs: Tensor) -> dict[str, Tensor]:
        """The weights of a linear estimator, (out_features, in_features), for figures."""
        return {"weight": self.estimator.weight} if isinstance(self.estimator, LinearEstimator) else {}

    def _scaled(self, x: Tensor) -> Tensor:
        return (x if self.inputs is None else self.inputs(x)).to(torch.float64)
