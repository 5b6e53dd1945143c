"""The lasso by coordinate descent (Friedman, Hastie and Tibshirani, 2010), stopped by its duality gap."""

import torch
from torch import Tensor
from torch.nn import functional as F

from mlsci.models.linear_regression import LinearEstimator, compress


class Lasso(LinearEstimator):
    """Sparse least squares: W, b minimise |y - W x - b|^2 / (2 samples) + alpha |W|_1, b unpenalised.

    Several targets are independent problems with the same alpha, each with its own support. An iteration
    is one sweep over the coordinates and one Newton step on the support found. The fit ends when the
    duality gap of every target, an upper bound on how far its objective is from the minimum, is below
    `tolerance` times its variance.
    Raises ValueError for alpha <= 0, wrong shapes and values that are not finite, and RuntimeError when
    `max_iterations` are not enough.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        alpha: float = 1.0,
        tolerance: float = 1e-10,
        max_iterations: int = 1000,
    ) -> None:
        super().__init__(in_features=in_features, out_features=out_features)
        if not 0 < alpha < float("inf"):
            raise ValueError(f"Lasso: alpha must be a finite number > 0, got {alpha}; for 0 take linear_regression")
        self.alpha = alpha
        self.tolerance = tolerance
        self.max_iterations = max_iterations

    @torch.no_grad()
    def fit(self, x: Tensor, y: Tensor) -> None:
        x = self.inputs(x)
        y = self.targets(y, len(x))
        x_mean, y_mean = x.mean(dim=0), y.mean(dim=0)
        rows, goals = compress(x - x_mean, y - y_mean)
        weight = self._descend(rows, goals, len(x) * self.alpha).T  # (targets, features)
        self.store(weight, y_mean - weight @ x_mean)

    def _descend(self, x: Tensor, y: Tensor, threshold: float) -> Tensor:
        """Minimises |y - x w|^2 / 2 + threshold |w|_1; x (rows, features), y (rows, targets)."""
        weight = x.new_zeros(x.shape[1], y.shape[1])  # (features, targets)
        allowed = self.tolerance * y.square().sum(dim=0)  # (targets,)
        columns = x.T.contiguous()
        for _ in range(self.max_iterations):
            sweep(columns, y, weight, threshold=threshold)
            for target in range(y.shape[1]):
                weight[:, target] = newton_on_support(x, y[:, target], weight[:, target], threshold=threshold)
            gap = duality_gap(x, y, weight, threshold=threshold)
            if (gap <= allowed).all():
                return weight
        worst = int((gap - allowed).argmax())
        share = float(gap[worst] / y[:, worst].square().sum())
        raise RuntimeError(
            f"Lasso: the duality gap of target {worst} is {share:.1e} of its variance after "
            f"{self.max_iterations} iterations, above tolerance={self.tolerance:.1e}: "
            "standardise the inputs, or raise max_iterations, alpha or tolerance"
        )


def sweep(columns: Tensor, y: Tensor, weight: Tensor, *, threshold: float) -> None:
    """Minimises over one coordinate after the other, for all targets at once; changes `weight` in place.

    `columns` (features, rows) is x transposed, y (rows, targets), weight (features, targets).
    """
    residual = y - columns.T @ weight  # (rows, targets)
    for feature, square in enumerate(columns.square().sum(dim=1).tolist()):
        if square == 0:
            continue
        column, old = columns[feature], weight[feature]
        new = F.softshrink(column @ residual + square * old, threshold) / square  # (targets,)
        change = new - old
        if change.any():
            residual.addr_(column, change, alpha=-1)
            weight[feature] = new


def newton_on_support(x: Tensor, y: Tensor, weight: Tensor, *, threshold: float) -> Tensor:
    """Minimises over the nonzero entries of `weight` (features,), dropping each that reaches zero.

    Coordinate descent is slow on correlated columns; once it has found the support, this is exact.
    """
    for _ in range(len(weight)):
        moved, whole = _newton_step(x, y, weight, threshold)
        if _objective(x, y, moved, threshold) > _objective(x, y, weight, threshold):
            return weight
        weight = moved
        if whole:
            break
    return weight


def _newton_step(x: Tensor, y: Tensor, weight: Tensor, threshold: float) -> tuple[Tensor, bool]:
    """One step with the signs held, cut where the first entry reaches zero, and whether it was not cut."""
    support = weight.nonzero().flatten()
    if len(support) == 0:
        return weight, True
    columns, start = x[:, support], weight[support]
    curvature = columns.T @ columns
    # Dependent columns get a large step along what leaves the fit as it is, until one of them drops out.
    curvature.diagonal().add_(1e-12 * curvature.diagonal().max())
    slope = columns.T @ (y - columns @ start) - threshold * start.sign()
    move = torch.cholesky_solve(slope[:, None], torch.linalg.cholesky_ex(curvature).L).squeeze(1)
    until_zero = torch.where(start * (start + move) < 0, -start / move, 1.0)
    step, first = until_zero.min(dim=0)
    end = start + step * move
    if step < 1:
        end[first] = 0.0
    return torch.zeros_like(weight).index_copy_(0, support, end), not step < 1


def duality_gap(x: Tensor, y: Tensor, weight: Tensor, *, threshold: float) -> Tensor:
    """The objective minus that of its dual at the rescaled residual, (targets,): zero only at the minimum."""
    residual = y - x @ weight  # (rows, targets)
    feasible = residual * (threshold / (x.T @ residual).abs().amax(dim=0)).clamp(max=1.0)
    dual = (feasible * (y - feasible / 2)).sum(dim=0)
    return residual.square().sum(dim=0) / 2 + threshold * weight.abs().sum(dim=0) - dual


def _objective(x: Tensor, y: Tensor, weight: Tensor, threshold: float) -> Tensor:
    return (y - x @ weight).square().sum() / 2 + threshold * weight.abs().sum()
