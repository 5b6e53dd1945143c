"""Multinomial logistic regression by a truncated Newton method (Lin, Weng and Keerthi, 2008)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from mlsci.models.linear_regression import LinearEstimator


class Logistic(LinearEstimator):
    """Softmax regression: W, b minimise C sum_i -log softmax(W x_i + b)[y_i] + |W|^2 / 2, b unpenalised.

    The output is logits (B, classes), with biases that sum to zero; `out_features` is the number of
    classes. Two classes follow scikit-learn's one-logit objective, whose penalty in two logits is |W|^2
    instead of |W|^2 / 2: the logits are -z/2 and z/2, so the probabilities are scikit-learn's.

    The fit ends when, in standardised inputs, the gradient of the mean loss has a norm below `tolerance` and
    the next Newton step would change the weights by less than 1e-6 of their size.
    Raises ValueError for C that is not positive and finite (without a penalty, classes that a plane
    separates send W to infinity), for wrong shapes or labels, for a class without a sample (its bias
    would go to minus infinity) and for inputs that are not finite; RuntimeError when `max_iterations`
    Newton steps are not enough.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        C: float = 1.0,
        tolerance: float = 1e-10,
        max_iterations: int = 100,
    ) -> None:
        super().__init__(in_features=in_features, out_features=out_features)
        if out_features < 2:
            raise ValueError(f"Logistic: out_features is the number of classes, at least 2, got {out_features}")
        if not 0 < C < float("inf"):
            raise ValueError(
                f"Logistic: C must be a finite number > 0, got {C}: without a penalty, separable classes "
                "send the weights to infinity"
            )
        self.C = C
        self.tolerance = tolerance
        self.max_iterations = max_iterations

    @torch.no_grad()
    def fit(self, x: Tensor, y: Tensor) -> None:
        x = self.inputs(x)
        y = self.labels(y, len(x))
        mean, std = x.mean(dim=0), x.std(dim=0, correction=0)
        # Rounding leaves a constant column with a std of about its size times eps.
        std = torch.where(std <= 10 * torch.finfo(x.dtype).eps * mean.abs(), 1.0, std)
        design = torch.cat(((x - mean) / std, x.new_ones(len(x), 1)), dim=1)  # (samples, in_features + 1)
        strength = (2 if self.out_features == 2 else 1) / (self.C * len(x))
        penalty = F.pad(strength / std.square(), (0, 1))  # (in_features + 1,), none on the bias
        solution = self._minimise(SoftmaxLoss(design, y, penalty=penalty, classes=self.out_features))
        weight = solution[:, :-1] / std
        bias = solution[:, -1] - weight @ mean
        self.store(weight, bias - bias.mean())

    def labels(self, y: Tensor, samples: int) -> Tensor:
        """The checked class indices of a fit, shape (samples,)."""
        if y.is_floating_point() or y.is_complex() or y.ndim == 0 or y.shape[1:].numel() != 1:
            raise ValueError(
                "Logistic: expected y of class indices, integers of shape (B,), got "
                f"{y.dtype} of shape {tuple(y.shape)}"
            )
        self._same_length(y, samples)
        y = y.detach().flatten().to(self.weight.device, torch.int64)
        if y.min() < 0 or y.max() >= self.out_features:
            raise ValueError(
                f"Logistic: class indices must be from 0 to {self.out_features - 1}, "
                f"got {int(y.min())} to {int(y.max())}"
            )
        missing = (torch.bincount(y, minlength=self.out_features) == 0).nonzero().flatten().tolist()
        if missing:
            raise ValueError(f"Logistic: no sample of class {missing} among the {self.out_features} classes")
        return y

    def _minimise(self, loss: "SoftmaxLoss") -> Tensor:
        theta = loss.start()
        for _ in range(self.max_iterations + 1):
            value, gradient, probabilities = loss.evaluate(theta)
            size = float(gradient.norm())
            step = conjugate_gradient(
                loss.curvature(probabilities),
                -gradient,
                precondition=loss.precondition(probabilities),
                tolerance=min(0.1, max(1e-3, size**0.5)) * size,
            )
            # In a direction that separates classes the gradient fades but the Newton step does not.
            if size <= self.tolerance and step.norm() <= 1e-6 * (1 + theta.norm()):
                return theta + step
            theta = theta + _backtrack(loss, theta, step, value=value, gradient=gradient) * step
        raise RuntimeError(
            f"Logistic: not converged after {self.max_iterations} Newton steps (gradient norm {size:.1e}, "
            f"tolerance={self.tolerance:.1e}): standardise the inputs, lower C (now {self.C:g}; with a weak "
            "penalty, separable classes drive the weights far out) or raise max_iterations"
        )


class SoftmaxLoss:
    """The mean cross-entropy of softmax(design theta^T) plus sum(penalty theta^2) / 2, with its derivatives.

    `design` (samples, features), `labels` (samples,), `penalty` (features,); theta is (classes, features).
    A vector added to every class changes no probability, so all stays where theta sums to zero over classes.
    """

    def __init__(self, design: Tensor, labels: Tensor, *, penalty: Tensor, classes: int) -> None:
        self.design = design
        self.penalty = penalty
        self.hot = F.one_hot(labels, classes).to(design.dtype)  # (samples, classes)

    def start(self) -> Tensor:
        """theta = 0: equal probabilities."""
        return self.design.new_zeros(self.hot.shape[1], self.design.shape[1])  # (classes, features)

    def evaluate(self, theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The value (), the gradient (classes, features) and the probabilities (samples, classes)."""
        log_probabilities = torch.log_softmax(self.design @ theta.T, dim=1)
        probabilities = log_probabilities.exp()
        shrunk = self.penalty * theta
        value = (theta * shrunk).sum() / 2 - (self.hot * log_probabilities).sum() / len(self.design)
        gradient = (probabilities - self.hot).T @ self.design / len(self.design) + shrunk
        return value, _centred(gradient), probabilities

    def curvature(self, probabilities: Tensor) -> Callable[[Tensor], Tensor]:
        """The Hessian as a function that multiplies it with v (classes, features)."""

        def product(v: Tensor) -> Tensor:
            along = self.design @ v.T  # (samples, classes)
            along = probabilities * (along - (probabilities * along).sum(dim=1, keepdim=True))
            return along.T @ self.design / len(self.design) + self.penalty * v

        return product

    def precondition(self, probabilities: Tensor) -> Callable[[Tensor], Tensor]:
        """Division by the diagonal of the Hessian, as a function of v (classes, features)."""
        spread = probabilities * (1 - probabilities)
        diagonal = spread.T @ self.design.square() / len(self.design) + self.penalty
        diagonal = diagonal.clamp(min=torch.finfo(diagonal.dtype).eps)
        return lambda v: _centred(v / diagonal)


def conjugate_gradient(
    product: Callable[[Tensor], Tensor],
    goal: Tensor,
    *,
    precondition: Callable[[Tensor], Tensor],
    tolerance: float,
) -> Tensor:
    """Solves H v = goal, to a residual norm below `tolerance`, for a symmetric positive H.

    `product` multiplies with H, `precondition` with something like its inverse.
    """
    v = torch.zeros_like(goal)
    residual, direction, last = goal, torch.zeros_like(goal), torch.inf
    for _ in range(goal.numel()):
        scaled = precondition(residual)
        inner = float((residual * scaled).sum())
        direction = scaled + (inner / last) * direction
        curved = product(direction)
        bend = float((direction * curved).sum())
        if bend <= 0:
            break
        v = v + (inner / bend) * direction
        residual = residual - (inner / bend) * curved
        last = inner
        if float(residual.norm()) <= tolerance:
            break
    return v


def _centred(v: Tensor) -> Tensor:
    return v - v.mean(dim=0)


def _backtrack(loss: SoftmaxLoss, theta: Tensor, step: Tensor, *, value: Tensor, gradient: Tensor) -> float:
    """The longest of 1, 1/2, 1/4 ... that lowers the loss enough (Armijo).

    Near the minimum rounding hides a lower loss; there a smaller gradient is enough.
    """
    slope = (gradient * step).sum()
    noise = 8 * torch.finfo(value.dtype).eps * value.abs()
    length = 1.0
    while length > 1e-10:
        new_value, new_gradient, _ = loss.evaluate(theta + length * step)
        if new_value <= value + 1e-4 * length * slope:
            break
        if new_value <= value + noise and new_gradient.norm() < gradient.norm():
            break
        length /= 2
    return length
