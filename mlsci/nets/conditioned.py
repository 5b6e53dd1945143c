"""Any net as one that sees a condition beside its input."""

import inspect
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class Conditioned(nn.Module):
    """(x (B, *inputs), condition (B, features)) -> (B, *outputs).

    A net that takes `condition_features` gets the condition by itself, as net(x, condition). To every other one it
    comes as part of the input: as further features of vectors, as further channels of fields, constant on the grid.

    Args:
        make: makes the net (a config with `_partial_: true`); it is given those of in_features, out_features, in_shape,
            out_shape and condition_features that it takes.
        inputs, outputs: shapes without the batch axis: (features,) or (channels, *grid).
        features: of the condition; 0 where there is none.
    """

    def __init__(
        self,
        make: Callable[..., nn.Module],
        *,
        inputs: Sequence[int],
        outputs: Sequence[int],
        features: int = 0,
    ) -> None:
        super().__init__()
        self.outputs = tuple(outputs)
        takes = inspect.signature(make).parameters
        self.apart = features > 0 and "condition_features" in takes
        seen = tuple(inputs) if self.apart or not features else (inputs[0] + features, *inputs[1:])
        if len(inputs) > 1 and "in_shape" not in takes and not self.apart:
            seen = (math.prod(inputs) + features,)  # the net flattens: a condition needs no copies on the grid
        self.flat = len(inputs) > 1 and len(seen) == 1
        sizes = {
            "in_features": math.prod(seen),
            "out_features": math.prod(outputs),
            "in_shape": seen,
            "out_shape": tuple(outputs),
            "condition_features": features,
        }
        self.net = make(**{name: size for name, size in sizes.items() if name in takes})

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        if self.apart:
            y = self.net(x, condition)
        elif condition.shape[1] == 0:
            y = self.net(x)
        else:
            y = self.net(self._joined(x, condition))
        return y if y.shape[1:] == self.outputs else y.reshape(len(x), *self.outputs)  # (B, *outputs)

    def _joined(self, x: Tensor, condition: Tensor) -> Tensor:
        if self.flat:
            x = x.flatten(1)
        grid = x.shape[2:]
        spread = condition.reshape(*condition.shape, *(1,) * len(grid)).expand(-1, -1, *grid)
        return torch.cat((x, spread.to(x.dtype)), dim=1)  # (B, channels + features, *grid)
