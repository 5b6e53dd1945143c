"""The risk of least squares without a penalty (Hastie et al. 2022, Annals of Statistics 50)."""

from collections.abc import Sequence

import torch
from torch import Tensor


class RidgelessRisk:
    """E |β̂ - β|² for n samples of p independent standard normal features, in the limit of many at a ratio γ = p/n.

    y = xᵀβ + ε with |β| = r and noise of deviation σ. The solution of least norm has the risk σ² γ/(1 - γ) for
    γ < 1, and r² (1 - 1/γ) + σ²/(γ - 1) for γ > 1: it descends twice. A case is (γ,).
    Raises ValueError for γ <= 0 and γ = 1, where the risk is infinite.
    """

    case_names = ("features over samples",)
    answer_names = ("risk",)

    def __init__(
        self,
        *,
        gamma: Sequence[float] = (0.1, 0.2, 0.35, 0.5, 0.65, 0.75, 1.35, 1.5, 2.0, 3.0, 5.0),
        signal: float = 1.0,
        noise: float = 0.5,
        cheap: Sequence[float] = (0.5, 2.0),
    ):
        if not gamma or min(gamma) <= 0 or 1 in gamma:
            raise ValueError(f"gamma: expected positive ratios other than 1, got {list(gamma)}")
        self.gamma = list(gamma)
        self.signal = signal
        self.noise = noise
        self.cheap = list(cheap)

    def cases(self) -> Tensor:
        return torch.tensor(self.gamma, dtype=torch.float64)[:, None]

    def few(self) -> Tensor:
        return torch.tensor(self.cheap, dtype=torch.float64)[:, None]

    def answers(self, cases: Tensor) -> Tensor:
        below = self.noise**2 * cases / (1 - cases)
        above = self.signal**2 * (1 - 1 / cases) + self.noise**2 / (cases - 1)
        return torch.where(cases < 1, below, above)  # (N, 1)

    def label(self, case: Tensor) -> str:
        return f"gamma_{float(case[0]):g}"
