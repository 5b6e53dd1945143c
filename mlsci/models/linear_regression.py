"""Least squares in closed form, and what all linear estimators share: their state, checks and prediction."""

import torch
from torch import Tensor

from mlsci.models.base import Estimator


class LinearEstimator(Estimator):
    """y = W x + b with fitted `weight` W (out_features, in_features) and `bias` b (out_features,).

    Both are float64 buffers, NaN until `fit`, so that an unfitted prediction cannot pass for a result.
    Inputs of any type are flattened from axis 1 and converted to the type of `weight`.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        bias = torch.full((out_features,), torch.nan, dtype=torch.float64)
        self.register_buffer("weight", bias[:, None].repeat(1, in_features))
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self._flat("x", x, self.in_features).to(self.weight.dtype)  # (B, in_features)
        return torch.addmm(self.bias, x, self.weight.T)  # (B, out_features)

    def inputs(self, x: Tensor) -> Tensor:
        """The checked inputs of a fit in float64, shape (samples, in_features)."""
        return self._finite("x", self._flat("x", x, self.in_features))

    def targets(self, y: Tensor, samples: int) -> Tensor:
        """The checked targets of a fit in float64, (samples, out_features); y (samples,) is one target."""
        y = self._flat("y", y.unsqueeze(1) if y.ndim == 1 else y, self.out_features)
        self._same_length(y, samples)
        return self._finite("y", y)

    def store(self, weight: Tensor, bias: Tensor) -> None:
        """Keeps `weight` (out_features, in_features) and `bias` (out_features,) as the fitted state."""
        with torch.no_grad():
            self.weight.copy_(weight)
            self.bias.copy_(bias)

    def _flat(self, name: str, values: Tensor, features: int) -> Tensor:
        if not torch.compiler.is_compiling() and (values.ndim < 2 or values.shape[1:].numel() != features):
            raise ValueError(
                f"{type(self).__name__}: expected {name} of shape (B, {features}) or one that flattens to "
                f"it, got {tuple(values.shape)}"
            )
        return values.flatten(1)

    def _finite(self, name: str, values: Tensor) -> Tensor:
        bad = ~torch.isfinite(values)
        if bad.any():
            columns = bad.any(dim=0).nonzero().flatten().tolist()
            raise ValueError(
                f"{type(self).__name__}: {name} has NaN or infinite values in column {columns[0]} "
                f"({int(bad[:, columns[0]].sum())} of {len(values)} rows), {len(columns)} such column(s) in "
                "all: fill or drop them first"
            )
        return values.detach().to(self.weight.device, torch.float64)

    def _same_length(self, y: Tensor, samples: int) -> None:
        if len(y) != samples or samples == 0:
            raise ValueError(
                f"{type(self).__name__}: x and y need the same number of samples, at least one, "
                f"got {samples} and {len(y)}"
            )


class LinearRegression(LinearEstimator):
    """Least squares with an intercept: W, b minimise |y - W x - b|^2 over the training samples.

    Where columns depend on each other (constant ones, duplicates, fewer samples than features) the
    solution of smallest |W| is taken. Raises ValueError for wrong shapes and values that are not finite.
    """

    def fit(self, x: Tensor, y: Tensor) -> None:
        x = self.inputs(x)
        y = self.targets(y, len(x))
        self.store(*solve_with_intercept(x, y, alpha=0.0))


def solve_with_intercept(x: Tensor, y: Tensor, *, alpha: float) -> tuple[Tensor, Tensor]:
    """W (targets, features) and b (targets,) that minimise |y - x W^T - b|^2 + alpha |W|^2."""
    x_mean, y_mean = x.mean(dim=0), y.mean(dim=0)
    rows, goals = compress(x - x_mean, y - y_mean)
    left, singular, right = torch.linalg.svd(rows, full_matrices=False)
    # Directions below the rounding error of the data carry no information: they get weight 0.
    cutoff = singular.max() * max(x.shape) * torch.finfo(x.dtype).eps
    gain = torch.where(singular > cutoff, singular / (singular.square() + alpha), 0.0)
    weight = (right.T @ (gain[:, None] * (left.T @ goals))).T  # (targets, features)
    return weight, y_mean - weight @ x_mean


def compress(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """At most features + targets rows with the same x^T x, x^T y and y^T y, found by QR.

    Unlike the products themselves, they keep the condition number of x instead of squaring it.
    """
    features = x.shape[1]
    if len(x) <= features + y.shape[1]:
        return x, y
    triangle = torch.linalg.qr(torch.cat((x, y), dim=1), mode="r").R  # (features + targets, same)
    return triangle[:, :features], triangle[:, features:]
