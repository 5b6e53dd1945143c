"""Steps along dx/dt = v(x, t) over a given grid of times: Euler's, Heun's and Runge's and Kutta's."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

Velocity = Callable[[Tensor, Tensor], Tensor]  # x (B, ...), t () -> dx/dt, the shape of x


class Integrator(Protocol):
    """Follows a velocity over a grid of `steps` + 1 times."""

    @property
    def steps(self) -> int:
        """How many."""
        ...

    def __call__(self, velocity: Velocity, x: Tensor, times: Tensor, *, open_end: bool = False) -> Tensor:
        """x at the last of the times (steps + 1,); with `open_end` the velocity is not asked for there."""
        ...


@dataclass(frozen=True, kw_only=True)
class Euler:
    """x + h v(x, t): one velocity a step, error of order 1 in h. Raises ValueError for fewer than one step."""

    steps: int = 100

    def __post_init__(self) -> None:
        _check(self.steps)

    def __call__(self, velocity: Velocity, x: Tensor, times: Tensor, *, open_end: bool = False) -> Tensor:
        for now, then in itertools.pairwise(times):
            x = x + (then - now) * velocity(x, now)
        return x


@dataclass(frozen=True, kw_only=True)
class Heun:
    """The mean of the velocities at both ends of a step: two a step, error of order 2 in h.

    With `open_end` the last step is Euler's. Raises ValueError for fewer than one step.
    """

    steps: int = 50

    def __post_init__(self) -> None:
        _check(self.steps)

    def __call__(self, velocity: Velocity, x: Tensor, times: Tensor, *, open_end: bool = False) -> Tensor:
        last = len(times) - 2
        for index, (now, then) in enumerate(itertools.pairwise(times)):
            first = velocity(x, now)
            guess = x + (then - now) * first
            if index == last and open_end:
                return guess
            x = x + 0.5 * (then - now) * (first + velocity(guess, then))
        return x


@dataclass(frozen=True, kw_only=True)
class RK4:
    """The classical Runge-Kutta method: four velocities a step, error of order 4 in h.

    With `open_end` the last step is Euler's. Raises ValueError for fewer than one step.
    """

    steps: int = 8

    def __post_init__(self) -> None:
        _check(self.steps)

    def __call__(self, velocity: Velocity, x: Tensor, times: Tensor, *, open_end: bool = False) -> Tensor:
        last = len(times) - 2
        for index, (now, then) in enumerate(itertools.pairwise(times)):
            h, middle = then - now, 0.5 * (now + then)
            first = velocity(x, now)
            if index == last and open_end:
                return x + h * first
            second = velocity(x + 0.5 * h * first, middle)
            third = velocity(x + 0.5 * h * second, middle)
            fourth = velocity(x + h * third, then)
            x = x + h / 6 * (first + 2 * (second + third) + fourth)
        return x


def _check(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
