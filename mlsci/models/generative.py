"""What all generative models share: shapes, units, conditions, samples in pieces, and what figures are drawn from."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset
from torchmetrics import Metric

from mlsci.errors import MlsciError
from mlsci.models.base import Evaluation, Model
from mlsci.nets.condition import Condition, Unconditional
from mlsci.nets.scaling import Standardise

AT_ONCE = 1 << 16  # values of the samples that are drawn in one piece: the layers of a net then stay in the cache


class Generative(Model):
    """A model of the inputs x (B, *shape) of batches (x, y); y is at most a condition.

    A subclass writes `loss(batch)` and `draw(condition) -> (n, *shape)` in scaled units. On the test part the metrics
    compare as many samples, drawn under the same conditions, with the data: `metric.update(samples, data)`.

    Args:
        shape: of one input.
        inputs: scales inputs; samples come back in physical units. None leaves them.
        condition: turns y into what the nets are told, mlsci.nets.condition; None for nothing.
        metrics: compare samples with data, by name.
        pictured: how many samples the figures see.
    """

    def __init__(
        self,
        *,
        shape: Sequence[int],
        inputs: Standardise | None = None,
        condition: Condition | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(metrics=metrics)
        self.shape = tuple(int(size) for size in shape)
        self.features = math.prod(self.shape)
        self.inputs = inputs
        self.condition = Unconditional() if condition is None else condition
        self.pictured = pictured

    def draw(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units for conditions (n, features)."""
        raise NotImplementedError(f"{type(self).__name__} has no draw(condition)")

    def judged(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and scalars of a batch of validation or test data; those of training unless a subclass knows better."""
        return self.loss(batch)

    def scaled(self, x: Tensor) -> Tensor:
        """Inputs in the units of the nets, the shape of x."""
        return x if self.inputs is None else self.inputs(x)

    def physical(self, z: Tensor) -> Tensor:
        """From the units of the nets to those of the data."""
        return z if self.inputs is None else self.inputs.inverse(z)

    @property
    def log_volume(self) -> float:
        """Σ log std over the elements: log p(x) of data is log p(scaled x) minus this."""
        if self.inputs is None:
            return 0.0
        return float(self.inputs.std.double().expand(self.shape).log().sum())

    def sample(self, n: int, condition: Any = None) -> Tensor:
        """New data (n, *shape) in physical units, all under one condition or under n of them."""
        return self.sample_as(self.condition.of(condition, n, device=self.device))

    def sample_as(self, condition: Tensor) -> Tensor:
        """New data (n, *shape) in physical units for conditions (n, features)."""
        return torch.cat([self.physical(self.draw(told)) for told in self.pieces(condition)])

    def pieces(self, condition: Tensor) -> tuple[Tensor, ...]:
        """Conditions (n, features) in pieces of as many samples as are drawn at once."""
        return condition.split(min(max(AT_ONCE // self.features, 1), 1000))

    def untold(self, n: int) -> Tensor:
        """The empty condition of n inputs. Raises MlsciError where the model was trained with conditions."""
        if self.condition.features:
            raise MlsciError(f"a conditional {type(self).__name__} scores no inputs without their conditions")
        return self.condition.of(None, n, device=self.device)

    def evaluate(self, batch: Any) -> Evaluation:
        """Loss and scalars; in a test with metrics also as many samples as there are inputs."""
        loss, scalars = self.judged(batch)
        x, y = batch
        wanted = self._trainer is not None and self._trainer.testing and len(self.test_metrics) > 0
        samples = self.sample_as(self.condition(y)) if wanted else None
        return Evaluation(loss=loss, scalars=scalars, predictions=samples, targets=x)

    def outcome(self, part: Dataset) -> dict[str, Any]:
        """Samples beside data of the test part, and what `shown` adds, for figures."""
        self.eval()
        x, y = first_rows(part, self.pictured)
        with torch.set_grad_enabled(self.needs_grad):
            samples = self.sample_as(self.condition(y.to(self.device)))
            extras = self.shown(x.to(self.device), y.to(self.device))
        return {
            "inputs": x.numpy(),
            "predictions": samples.detach().cpu().numpy(),
            "targets": x.numpy(),
            "extras": {"condition": y.numpy(), **{name: as_array(values) for name, values in extras.items()}},
        }

    def shown(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Further values for figures, by name: reconstructions, interpolation, latent."""
        return {}


def first_rows(part: Dataset, n: int) -> tuple[Tensor, Tensor]:
    """The first n inputs and targets of a split."""
    if isinstance(part, TensorDataset):
        return part.tensors[0][:n], part.tensors[1][:n]
    rows = [part[index] for index in range(min(n, len(part)))]  # type: ignore[arg-type]
    return torch.stack([row[0] for row in rows]), torch.stack([torch.as_tensor(row[1]) for row in rows])


def as_array(values: Tensor) -> np.ndarray:
    """A tensor of any device and history as numpy."""
    return values.detach().cpu().numpy()
