"""Least squares without a penalty, from few features to many more than samples: the risk descends twice."""

import torch
from torch import Tensor

from mlsci.models.linear_regression import LinearRegression


class DoubleDescent:
    """The risk |β̂ - β|² (N, 1) of the least squares fit of least norm, for features over samples γ (N, 1).

    Each γ is measured on `designs` draws of n samples of p = γ n standard normal features; each design with
    `targets` draws of weights of length `signal` and of noise. The fit is `LinearRegression`, an intercept included.

    Args:
        samples: n.
        signal: |β|.
        noise: deviation of the noise.
        designs, targets: draws, see above.
        seed: of all of them.
    """

    def __init__(
        self,
        *,
        samples: int = 400,
        signal: float = 1.0,
        noise: float = 0.5,
        designs: int = 2,
        targets: int = 50,
        seed: int = 0,
    ):
        self.samples = samples
        self.signal = signal
        self.noise = noise
        self.designs = designs
        self.targets = targets
        self.seed = seed

    @torch.no_grad()
    def measure(self, cases: Tensor) -> Tensor:
        """The mean risk over all draws, (N, 1)."""
        draw = torch.Generator().manual_seed(self.seed)
        rows = [
            [self._once(round(gamma * self.samples), draw) for _ in range(self.designs)] for (gamma,) in cases.tolist()
        ]
        return torch.tensor(rows, dtype=torch.float64).mean(dim=1, keepdim=True)

    def _once(self, features: int, draw: torch.Generator) -> float:
        """The mean risk over the targets of one design."""

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=draw, dtype=torch.float64)

        x, weight = normal(self.samples, features), normal(self.targets, features)
        weight = self.signal * weight / weight.norm(dim=1, keepdim=True)  # (targets, p)
        y = x @ weight.T + self.noise * normal(self.samples, self.targets)  # (n, targets)
        fit = LinearRegression(in_features=features, out_features=self.targets)
        fit.fit(x, y)
        return float((fit.weight - weight).square().sum(dim=1).mean())

    def curves(self) -> dict[str, Tensor]:
        """Nothing beside the measurements."""
        return {}
