"""What a coefficient of an equation can be besides a number: something to learn, or a range to solve for at once."""

import math
from dataclasses import dataclass

from torch import Tensor

from mlsci.errors import ConfigError


@dataclass(frozen=True)
class Learn:
    """An unknown coefficient, found together with the solution from observations (an inverse problem).

    Args:
        initial: the first guess.
        truth: the value it should come out at, where it is known; reported beside the estimate, never used.
        positive: train the logarithm, so that the coefficient never leaves the positive numbers.

    Raises:
        ConfigError: a positive coefficient that starts at or below zero.
    """

    initial: float
    truth: float | None = None
    positive: bool = False

    def __post_init__(self) -> None:
        if self.positive and not self.initial > 0:
            raise ConfigError(f"pde: a positive coefficient needs initial > 0, got {self.initial}")

    @property
    def start(self) -> float:
        """What is trained, at the start: the first guess or its logarithm."""
        return math.log(self.initial) if self.positive else float(self.initial)

    def value(self, trained: Tensor) -> Tensor:
        """The coefficient from what is trained."""
        return trained.exp() if self.positive else trained

    def slope(self, trained: Tensor) -> Tensor:
        """The derivative of the coefficient by what is trained."""
        return trained.exp() if self.positive else trained.new_ones(trained.shape)


@dataclass(frozen=True)
class Span:
    """A coefficient that becomes a further input of the net: one run solves for all its values.

    Args:
        low, high: its range.

    Raises:
        ConfigError: an empty range.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ConfigError(f"pde: a spanned parameter needs low < high, got {self.low} and {self.high}")


Coefficient = float | Learn | Span
