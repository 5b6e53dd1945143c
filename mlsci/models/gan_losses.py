"""What critic and generator of a GAN are trained for; each a pair of losses, and a penalty on gradients."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from mlsci.errors import ConfigError


class Adversary(Protocol):
    """Losses of scores (B,) that a critic gives to data and to samples.

    `log_odds`: the best critic's score is log p_data(x) / p_samples(x), but for a constant.
    """

    log_odds: bool

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the critic minimises: ()."""
        ...

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the generator minimises: ()."""
        ...


class NonSaturating:
    """The critic: log-likelihood of real against fake; the generator: -log sigmoid(fake) (Goodfellow et al. 2014)."""

    log_odds = True

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """-log sigmoid(real) - log sigmoid(-fake)."""
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """-log sigmoid(fake)."""
        return F.softplus(-fake).mean()


class Wasserstein:
    """The difference of mean scores, the Wasserstein-1 distance of a critic with slope 1 (Arjovsky et al. 2017)."""

    log_odds = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """mean fake - mean real."""
        return fake.mean() - real.mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """-mean fake."""
        return -fake.mean()


class RelativisticPairing:
    """-log sigmoid of the difference of scores, pair by pair (Jolicoeur-Martineau 2019; R3GAN, Huang et al. 2024)."""

    log_odds = True

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """-log sigmoid(real - fake)."""
        return F.softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """-log sigmoid(fake - real)."""
        return F.softplus(real - fake).mean()


class Scorer(Protocol):
    """x (B, *shape) -> scores (B,), under the conditions of the batch."""

    def __call__(self, x: Tensor) -> Tensor: ...


@dataclass(frozen=True, kw_only=True)
class ZeroCentred:
    """r1 / 2 · |∇ score|² on data + r2 / 2 · |∇ score|² on samples (R1: Mescheder et al. 2018, arXiv:1801.04406).

    Raises ConfigError for negative weights.
    """

    r1: float = 1.0
    r2: float = 1.0

    def __post_init__(self) -> None:
        if min(self.r1, self.r2) < 0:
            raise ConfigError(f"penalty: r1 and r2 must not be negative, got {self.r1} and {self.r2}")

    def __call__(self, score: Scorer, real: Tensor, fake: Tensor) -> Tensor:
        total = real.new_zeros(())
        for weight, x in ((self.r1, real), (self.r2, fake)):
            if weight:
                total = total + 0.5 * weight * _slopes(score, x).square().mean()
        return total


@dataclass(frozen=True, kw_only=True)
class UnitSlope:
    """weight · (|∇ score| - 1)² at random places between data and samples (WGAN-GP: Gulrajani et al. 2017).

    Raises ConfigError for a negative weight.
    """

    weight: float = 10.0

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ConfigError(f"penalty: weight must not be negative, got {self.weight}")

    def __call__(self, score: Scorer, real: Tensor, fake: Tensor) -> Tensor:
        share = torch.rand(len(real), *(1,) * (real.ndim - 1), device=real.device)
        return self.weight * (_slopes(score, torch.lerp(real, fake, share)) - 1).square().mean()


def _slopes(score: Scorer, x: Tensor) -> Tensor:
    """|∇ score| at x (B, *shape), (B,), differentiable in the critic."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score(x).sum(), x, create_graph=True)
    return gradient.flatten(1).norm(dim=1)
