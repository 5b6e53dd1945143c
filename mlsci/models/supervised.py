"""Supervised learning: a net fitted to pairs of inputs and targets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.base import Evaluation, Model
from mlsci.nets.scaling import Standardise


class Supervised(Model):
    """L = criterion(net(inputs(x)), targets(y)) for batches (x, y).

    Regression, classification and forecasting differ by the objects they are given.

    Args:
        net: maps standardised inputs (B, *inputs) to outputs (B, out_features), or (B, *shape) at once.
        criterion: (outputs, scaled targets) -> scalar.
        metrics: compare `predict(x)` with y, by name.
        inputs: scales inputs; None leaves them.
        targets: scales targets for the criterion, and outputs back to physical units; None leaves them.
        output: from outputs to predictions, for example softmax.
        shape: of one target, where outputs are to be given it.
        augment: changes training inputs, whole batches at once.
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
    ):
        super().__init__(metrics=metrics)
        self.net = net
        self.criterion = criterion
        self.inputs = inputs
        self.targets = targets
        self.output = output
        self.augment = augment
        self.shape = tuple(shape) if shape else None

    def outputs(self, x: Tensor) -> Tensor:
        """What the net says, in the units of the criterion, (B, out_features) or (B, *shape)."""
        return self.shaped(self.net(x if self.inputs is None else self.inputs(x)))

    def shaped(self, z: Tensor) -> Tensor:
        """Outputs of a net in the shape of targets; one that gives fields may see another grid than the spec's."""
        return z if self.shape is None or z.ndim == 1 + len(self.shape) else z.flatten(1).unflatten(1, self.shape)

    def physical(self, outputs: Tensor) -> Tensor:
        """From outputs to predictions: units undone, softmax applied."""
        y = outputs if self.targets is None else self.targets.inverse(outputs)
        return y if self.output is None else self.output(y)

    def forward(self, x: Tensor) -> Tensor:
        """Predictions (B, classes) or (B, *targets), in physical units."""
        return self.physical(self.outputs(x))

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The criterion of a batch (x, y)."""
        x, y = batch
        if self.augment is not None:
            x = self.augment(x)
        return self.criterion(self.outputs(x), y if self.targets is None else self.targets(y)), {}

    def evaluate(self, batch: Any) -> Evaluation:
        """Loss and predictions from one pass through the net."""
        x, y = batch
        return self.compared(self.outputs(x), y)

    def compared(self, outputs: Tensor, y: Tensor) -> Evaluation:
        """The criterion of outputs in its units, and predictions in physical ones, beside targets y."""
        loss = self.criterion(outputs, y if self.targets is None else self.targets(y))
        return Evaluation(loss=loss, predictions=self.physical(outputs), targets=y)
