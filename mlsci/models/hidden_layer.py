"""Nets of one hidden layer with drawn inner weights and least-squares outer ones, over a range of widths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.errors import ConfigError
from mlsci.models.base import Estimator, Evaluation, Model


class HiddenLayer(Estimator):
    """y = W₂ activation(w₁ (x - c)) + b on an interval: universal for any activation that is no polynomial.

    The `width` centres c lie evenly on the interval, the slopes w₁ are drawn evenly on a logarithmic scale from 1 to
    `steepest` times the width (with 0: all are 1, as for ReLU, whose slope is a factor of W₂). W₂ and b minimise the
    squared error on the training points; singular values below 1e-14 of the largest are left out. All in float64.

    Args:
        width: of the hidden layer.
        out_features: functions that are fitted at once.
        activation: element by element.
        steepest: of the slopes, as a multiple of the width.
        interval: of x.
        seed: of the slopes.
    """

    centres: Tensor
    slopes: Tensor
    outer: Tensor

    def __init__(
        self,
        *,
        width: int,
        out_features: int,
        activation: nn.Module,
        steepest: float = 0.0,
        interval: Sequence[float] = (-1.0, 1.0),
        seed: int = 0,
    ):
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        low, high = interval
        span = math.log(max(steepest * width, 1.0))
        self.activation = activation
        self.register_buffer("centres", torch.linspace(low, high, width + 1, dtype=torch.float64)[:-1])
        self.register_buffer("slopes", (span * torch.rand(width, generator=draw, dtype=torch.float64)).exp())
        self.register_buffer("outer", torch.full((width + 1, out_features), torch.nan, dtype=torch.float64))

    def features(self, x: Tensor) -> Tensor:
        """The hidden layer and a constant, (N, width + 1), of x (N, 1)."""
        hidden = self.activation(self.slopes * (x.double() - self.centres))  # (N, width)
        return torch.cat([hidden, torch.ones_like(hidden[:, :1])], dim=1)

    @torch.no_grad()
    def fit(self, x: Tensor, y: Tensor) -> None:
        features = self.features(x)
        sizes = features.norm(dim=0).clamp_min(1e-300)
        # gelsd leaves out small singular values; columns of one size make "small" mean something.
        found = torch.linalg.lstsq(features / sizes, y.double(), rcond=1e-14, driver="gelsd").solution
        self.outer.copy_(found / sizes[:, None])

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x) @ self.outer  # (N, out_features)


class UniversalApproximation(Model):
    """Fits functions by hidden layers of several widths and activations; the widest of the first one answers.

    Reports the largest error anywhere on the test points for every activation, width and function, as
    `test/sup_<activation>_<width>`, the largest over the functions; for the largest width also
    `test/sup_<activation>_<function>`.

    Args:
        widths: of the hidden layer.
        activations: name to a `HiddenLayer` that waits for its width.
        metrics: compare predictions (N, functions) with the functions.
    """

    fitted_at_once = True

    def __init__(self, *, widths: Sequence[int], activations: Mapping[str, Any], metrics: Mapping[str, Metric]):
        super().__init__(metrics=metrics)
        if not widths or min(widths) < 1 or not activations:
            raise ConfigError(f"model.widths: expected widths >= 1 and an activation, got {list(widths)}")
        self.widths = sorted(widths)
        self.layers = nn.ModuleDict(
            {name: nn.ModuleList(make(width=width) for width in self.widths) for name, make in activations.items()}
        )

    def fit_at_once(self, x: Tensor, y: Tensor, val: tuple[Tensor, Tensor] | None = None) -> None:
        """Fit every net to x (N, 1) and y (N, functions); there is nothing to choose by `val`."""
        for layers in self.layers.values():
            for layer in layers:  # type: ignore[attr-defined]
                layer.fit(x, y)

    def forward(self, x: Tensor) -> Tensor:
        """Predictions (N, functions) of the widest net of the first activation."""
        return next(iter(self.layers.values()))[-1].predict(x)  # type: ignore[index]

    def evaluate(self, batch: Any) -> Evaluation:
        """The loss is the mean squared error."""
        x, y = batch
        found = self(x)
        return Evaluation(loss=(found - y).square().mean(), predictions=found, targets=y)

    def errors(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """The largest error of every net and function, (widths, functions) by activation."""
        return {
            name: torch.stack([(layer.predict(x) - y).abs().amax(dim=0) for layer in layers])  # type: ignore[attr-defined]
            for name, layers in self.layers.items()
        }

    def final_metrics(self, data: Any) -> dict[str, float]:
        """The errors by name."""
        found: dict[str, float] = {}
        for name, errors in self.errors(*data.split("test").tensors).items():
            found |= {f"test/sup_{name}_{w}": float(e.max()) for w, e in zip(self.widths, errors, strict=True)}
            columns = zip(data.spec.target_names, errors[-1], strict=True)
            found |= {f"test/sup_{name}_{function}": float(error) for function, error in columns}
        return found

    def outcome(self, part: Any) -> dict[str, Any]:
        """Functions and predictions (N, functions); `extras` has x, the widths, and "sup/<activation>" errors."""
        x, y = part.tensors
        errors = {f"sup/{name}": values.numpy() for name, values in self.errors(x, y).items()}
        extras = {"x": x[:, 0].numpy(), "widths": torch.tensor(self.widths).numpy(), **errors}
        return {"predictions": self(x).numpy(), "targets": y.numpy(), "extras": extras}
