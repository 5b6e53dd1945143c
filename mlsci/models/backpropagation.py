"""Supervised training whose gradients are checked: its own net, and further ones, beside central differences."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.gradient_check import gradient_error
from mlsci.models.supervised import Supervised
from mlsci.nets.scaling import Standardise


class Backpropagation(Supervised):
    """`Supervised`, and after training `test/gradient_error_<name>`: the largest relative error of a gradient.

    Backpropagation stands beside central differences in float64, on the first `samples` of the test part; see
    `mlsci.models.gradient_check`. `test/gradient_error` is the largest of the trained net (`trained`) and of `nets`.

    Args:
        nets: further nets by name, checked as they start and never trained.
        samples: in the batch of the check.
        The rest is that of `Supervised`.
    """

    def __init__(
        self,
        *,
        net: nn.Module,
        criterion: Callable[[Tensor, Tensor], Tensor],
        nets: Mapping[str, nn.Module] | None = None,
        samples: int = 8,
        metrics: Mapping[str, Metric] | None = None,
        inputs: Standardise | None = None,
        targets: Standardise | None = None,
        output: nn.Module | None = None,
        shape: Sequence[int] | None = None,
        augment: nn.Module | None = None,
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
        self.others = dict(nets or {})  # no submodules: they are neither trained nor saved
        self.samples = samples

    def final_metrics(self, data: Any) -> dict[str, float]:
        """The error of each net, and the largest."""
        x, y = (tensor[: self.samples] for tensor in data.split("test").tensors)
        x = x.double() if self.inputs is None else copy.deepcopy(self.inputs).cpu().double()(x.double())
        y = y.double() if y.is_floating_point() else y
        found = {}
        for name, net in {"trained": self.net, **self.others}.items():
            found[f"test/gradient_error_{name}"] = self._error(copy.deepcopy(net).cpu().double().train(), x, y)
        return {"test/gradient_error": max(found.values()), **found}

    def _error(self, net: nn.Module, x: Tensor, y: Tensor) -> float:
        return gradient_error(lambda: self.criterion(net(x), y), net.named_parameters()).largest
