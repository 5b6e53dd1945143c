"""Five ways to regularise a linear fit, each fitted to many resampled sets of targets: its bias and its variance."""

import torch
from torch import Tensor

from mlsci.models.lasso import Lasso
from mlsci.models.linear_regression import LinearEstimator, LinearRegression
from mlsci.models.ridge import Ridge
from mlsci.science.exact.shrinkage import METHODS, Shrinkage


class Shrinking:
    """Squared bias and variance (N, 2) of (method, strength) (N, 2) on the design of a law, by the bootstrap.

    The bootstrap is the parametric one: `draws` sets of targets X w + ε on one design, with the law's own w and σ;
    all methods see the same sets. Dropout is a least squares fit to `masked` copies of the design, each with inputs
    left out at random; early stopping takes its steps one by one.

    Args:
        law: has the design, the weights and the noise.
        draws: sets of targets.
        masked: copies of the design for dropout.
        seed: of noise and masks.
    """

    def __init__(self, *, law: Shrinkage, draws: int = 1000, masked: int = 400, seed: int = 0):
        self.law = law
        self.draws = draws
        self.masked = masked
        self.seed = seed

    @torch.no_grad()
    def measure(self, cases: Tensor) -> Tensor:
        """Squared bias and variance of the prediction, means over the design points, (N, 2)."""
        draw = torch.Generator().manual_seed(self.seed)
        x = self.law.design()  # (n, p)
        truth = x @ self.law.weight  # (n,)
        noise = torch.randn(len(x), self.draws, generator=draw, dtype=x.dtype)
        y = truth[:, None] + self.law.noise * noise  # (n, draws)
        rows = []
        for method, strength in cases.tolist():
            weight = self.fitted(METHODS[int(method)], strength, x=x, y=y, draw=draw)  # (draws, p)
            predictions = x @ weight.T  # (n, draws)
            bias = (predictions.mean(dim=1) - truth).square().mean()
            rows.append(torch.stack([bias, predictions.var(dim=1).mean()]))
        return torch.stack(rows)

    def fitted(self, method: str, strength: float, *, x: Tensor, y: Tensor, draw: torch.Generator) -> Tensor:
        """The weights (draws, p) of one method for all sets of targets."""
        sizes = {"in_features": x.shape[1], "out_features": y.shape[1]}
        if method == "early_stopping":
            return stopped_early(x, y, steps=int(strength))
        if method == "dropout":
            return self._dropped_out(x, y, rate=strength, draw=draw)
        estimators: dict[str, LinearEstimator] = {
            "ols": LinearRegression(**sizes),
            "ridge": Ridge(**sizes, alpha=len(x) * strength),
            "lasso": Lasso(**sizes, alpha=strength or 1.0),
        }
        estimators[method].fit(x, y)
        return estimators[method].weight

    def _dropped_out(self, x: Tensor, y: Tensor, *, rate: float, draw: torch.Generator) -> Tensor:
        """Least squares on copies of x whose entries are kept with probability 1 - rate, then divided by it."""
        kept = torch.rand(self.masked, *x.shape, generator=draw, dtype=x.dtype) >= rate
        copies = x * kept / (1 - rate)  # (masked, n, p)
        square = torch.einsum("mnp,mnq->pq", copies, copies)
        return torch.linalg.solve(square, copies.sum(dim=0).T @ y).T

    def curves(self) -> dict[str, Tensor]:
        """Nothing beside the measurements."""
        return {}


def stopped_early(x: Tensor, y: Tensor, *, steps: int) -> Tensor:
    """Weights (draws, p) after gradient descent from 0 on the mean square, with step 1 / largest eigenvalue."""
    square, product = x.T @ x / len(x), x.T @ y / len(x)  # (p, p), (p, draws)
    step = 1 / torch.linalg.eigvalsh(square)[-1]
    weight = torch.zeros_like(product)
    for _ in range(steps):
        weight = weight - step * (square @ weight - product)
    return weight.T
