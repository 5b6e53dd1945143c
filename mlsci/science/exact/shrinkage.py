"""Bias and variance of five ways to regularise a linear fit, in closed form for orthogonal columns.

Hastie, Tibshirani and Friedman 2009, chapter 3; dropout: Wager, Wang and Liang 2013 (arXiv 1307.1493).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

METHODS = ("ols", "ridge", "lasso", "early_stopping", "dropout")
STRENGTHS: Mapping[str, Sequence[float]] = {
    "ols": (0.0,),
    "ridge": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    "lasso": (0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4),
    "early_stopping": (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0),
    "dropout": (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9),
}


class Shrinkage:
    """Squared bias Σ d (E ŵ - w)² and variance Σ d Var ŵ of the prediction at the n design points, a mean over them.

    The design has p orthogonal columns with mean 0 and mean squares d_j = decay^j; y = X w + ε with w_j alternating
    ±1 for every third column and 0 elsewhere, ε normal with deviation σ. Then the least squares solution is
    z_j ~ N(w_j, σ²/(n d_j)), and each method shrinks it column by column:

    - ols: z;  ridge (penalty n λ |w|²): z d/(d + λ);
    - lasso (penalty λ |w|₁ against half the mean square): sign(z) max(|z| - λ/d, 0);
    - early_stopping (t steps of gradient descent from 0 with step 1/max d): z (1 - (1 - d/max d)^t);
    - dropout (inputs kept with probability 1 - q and scaled up): z (1 - q), whatever d.

    A case is (place of the method in `METHODS`, λ, t or q).
    Raises ValueError where p + 1 orthogonal columns do not fit into n samples.
    """

    case_names = ("method", "strength")
    answer_names = ("bias2", "variance")

    def __init__(self, *, samples: int = 64, features: int = 12, decay: float = 0.7, noise: float = 0.5):
        if features + 1 > samples:
            raise ValueError(f"features: {features} orthogonal columns of mean 0 do not fit into {samples} samples")
        self.samples = samples
        self.noise = noise
        self.squares = decay ** torch.arange(features, dtype=torch.float64)  # (p,) d
        place = torch.arange(features)
        self.weight = torch.where(place % 3 == 0, (-1.0) ** (place // 3), 0.0).double()  # (p,)

    def cases(self) -> Tensor:
        rows = [(float(place), one) for place, name in enumerate(METHODS) for one in STRENGTHS[name]]
        return torch.tensor(rows, dtype=torch.float64)

    def few(self) -> Tensor:
        return self.cases()

    def design(self) -> Tensor:
        """X (n, p): cosines of rising frequency, scaled."""
        rows = torch.arange(self.samples, dtype=torch.float64) + 0.5
        frequency = torch.arange(1, len(self.squares) + 1, dtype=torch.float64)
        waves = torch.cos(math.pi * rows[:, None] * frequency / self.samples)  # (n, p), mean squares 1/2
        return waves * (2 * self.squares).sqrt()

    def answers(self, cases: Tensor) -> Tensor:
        return torch.stack([self._answer(METHODS[int(method)], float(one)) for method, one in cases])  # (N, 2)

    def _answer(self, method: str, strength: float) -> Tensor:
        deviation = self.noise / (self.samples * self.squares).sqrt()  # (p,) of z
        if method == "lasso":
            mean, variance = soft_threshold_moments(self.weight, deviation, strength / self.squares)
        else:
            gain = self.gain(method, strength)
            mean, variance = gain * self.weight, (gain * deviation).square()
        bias = (self.squares * (mean - self.weight).square()).sum()
        return torch.stack([bias, (self.squares * variance).sum()])

    def gain(self, method: str, strength: float) -> Tensor:
        """What a linear method multiplies the least squares solution with, (p,)."""
        d = self.squares
        gains = {
            "ols": torch.ones_like(d),
            "ridge": d / (d + strength),
            "early_stopping": 1 - (1 - d / d.max()) ** strength,
            "dropout": torch.full_like(d, 1 - strength),
        }
        return gains[method]

    def label(self, case: Tensor) -> str:
        name, strength = METHODS[int(case[0])], float(case[1])
        return name if name == "ols" else f"{name}_{strength:g}"


def soft_threshold_moments(mean: Tensor, deviation: Tensor, threshold: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of sign(z) max(|z| - threshold, 0) for z ~ N(mean, deviation²), element by element."""
    normal = torch.distributions.Normal(0.0, 1.0)
    first, second = torch.zeros_like(mean), torch.zeros_like(mean)
    for sign in (1.0, -1.0):
        middle = sign * mean - threshold  # of the part beyond the threshold on this side
        u = middle / deviation
        inside, density = normal.cdf(u), normal.log_prob(u).exp()
        first = first + sign * (middle * inside + deviation * density)
        second = second + (middle.square() + deviation.square()) * inside + middle * deviation * density
    return first, second - first.square()
