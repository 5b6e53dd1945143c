"""Residual-based adaptive distribution, RAD (Wu et al., 2023, CMAME 403, 115671; arXiv 2207.10289)."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from mlsci.errors import NonFiniteLoss
from mlsci.science.geometry.base import Geometry, spelt
from mlsci.science.sampling.base import Sampler, Score, check_least, low_discrepancy


@dataclass(kw_only=True)
class Adaptive(Sampler):
    """More points where the residual r is large: p(x) ~ |r(x)|^exponent / mean(|r|^exponent) + offset.

    `candidates` times as many Sobol points as wanted are scored, and the points are picked among them without
    replacement. `offset` = 0 leaves places with a small residual empty; a large one tends to uniform.
    The fewer the candidates, the flatter the result: with 1 it is Sobol's, whatever the score.
    Raises NonFiniteLoss where a score is NaN or infinite.
    """

    growth: float = 1.2
    grow_when: float | None = 10.0
    candidates: int = 6
    exponent: float = 1.0
    offset: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_least("candidates", self.candidates, least=1)
        check_least("exponent", self.exponent, least=0)
        check_least("offset", self.offset, least=0)

    def draw(
        self, geometry: Geometry, *, generator: Generator, score: Score | None = None, count: int | None = None
    ) -> Tensor:
        """`count` (None: `points`) points, (count, d); without `score` (before the first step) Sobol points."""
        wanted = self.points if count is None else count
        if score is None:
            return low_discrepancy(geometry, count=wanted, generator=generator)
        x = low_discrepancy(geometry, count=self.candidates * wanted, generator=generator)
        size = score(x).detach().to(device="cpu", dtype=torch.float64).abs()  # (N,)
        _check_scores(size, x, geometry=geometry)
        picked = torch.multinomial(self.weights(size), wanted, replacement=False, generator=generator)
        return x[picked]

    def weights(self, size: Tensor) -> Tensor:
        """Of the candidates with residuals of the given size (N,), in proportion to the probability: (N,)."""
        largest = size.max()
        # Divided by the largest first, which changes nothing but that no power overflows.
        power = (size / largest if largest > 0 else torch.ones_like(size)) ** self.exponent
        return (power / power.mean() + self.offset).clamp_min(1e-12)  # torch does not say which zeros it would pick


def _check_scores(size: Tensor, x: Tensor, *, geometry: Geometry) -> None:
    if size.shape != x.shape[:1]:
        raise ValueError(f"score: expected one number for each point, ({len(x)},), got {tuple(size.shape)}")
    bad = (~size.isfinite()).nonzero().flatten()
    if len(bad):
        where = spelt(geometry, x[bad[0]])
        raise NonFiniteLoss(f"the residual is not finite at {len(bad)} of {len(x)} candidate points, first at {where}")
