"""What every sampler of collocation points can do, and the held-out points for validation."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.quasirandom import SobolEngine

from mlsci.errors import ConfigError
from mlsci.science.geometry.base import Geometry

Score = Callable[[Tensor], Tensor]  # points (N, d) to the size of the residual there (N,)
HALF_STEP = 2.0**-31  # half the spacing of torch's Sobol points


@dataclass(kw_only=True)
class Sampler(ABC):
    """Draws the points at which an equation is enforced.

    `points`: how many at the start. For the model, which decides when to draw: `every`, the steps between two draws
    (0: drawn once and kept), `growth`, the factor by which the number of points grows at every new draw, `most`, the
    number that it never passes (None: three times `points`), and `grow_when`: it grows only where the held-out loss
    is above so many times the training loss (None: always).
    Everything is drawn on the CPU in float64 and depends on the generator alone.
    Raises ConfigError for settings out of range.
    """

    points: int
    every: int = 25
    growth: float = 1.0
    most: int | None = None
    grow_when: float | None = None

    def __post_init__(self) -> None:
        check_least("points", self.points, least=1)
        check_least("every", self.every, least=0)
        check_least("growth", self.growth, least=1)
        if self.most is not None:
            check_least("most", self.most, least=self.points)
        if self.grow_when is not None:
            check_least("grow_when", self.grow_when, least=0)

    @property
    def limit(self) -> int:
        """The largest number of points."""
        return 3 * self.points if self.most is None else self.most

    @abstractmethod
    def draw(
        self, geometry: Geometry, *, generator: Generator, score: Score | None = None, count: int | None = None
    ) -> Tensor:
        """`count` (None: `points`) points inside of the geometry, (count, d); an adaptive sampler asks `score`."""


def low_discrepancy(geometry: Geometry, *, count: int, generator: Generator) -> Tensor:
    """The first `count` points inside, (count, d), of a Sobol sequence scrambled with a seed from the generator."""
    seed = int(torch.randint(2**62, (1,), generator=generator))
    engine = SobolEngine(geometry.unit_dimension, scramble=True, seed=seed)

    def unit(n: int) -> Tensor:
        # Half a step to the right, so that points lie strictly within (0, 1): no logarithm of zero, no corner.
        return (engine.draw(n, dtype=torch.float64) + HALF_STEP).clamp_max(1 - HALF_STEP)

    return geometry.collect(count, unit)


def held_out(geometry: Geometry, *, count: int, generator: Generator) -> Tensor:
    """`count` scrambled Sobol points, (count, d), to validate on: drawn once, whatever the sampler trains on."""
    return low_discrepancy(geometry, count=count, generator=generator)


def check_least(key: str, value: float, *, least: float) -> None:
    """Refuses a setting that is not a finite number of at least `least`."""
    if not least <= value < float("inf"):
        raise ConfigError(f"sampler.{key}: expected a number >= {least}, got {value}")
