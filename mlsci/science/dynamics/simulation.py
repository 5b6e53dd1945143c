"""The loop of molecular dynamics: a stream of states, each of them within the limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mlsci.errors import ConfigError
from mlsci.science.dynamics.limits import Limits
from mlsci.science.dynamics.system import Field, State, System


class Integrator(Protocol):
    """Takes a state one step on."""

    @property
    def timestep(self) -> float:
        """fs."""

    def step(self, state: State, *, system: System, field: Field) -> State:
        """One step on."""


def states(
    start: State, *, system: System, integrator: Integrator, field: Field, steps: int, limits: Limits | None = None
) -> Iterator[State]:
    """The start and the `steps` states after it.

    Raises:
        ConfigError: a negative number of steps.
        Exploded: a state beyond the limits; the states before it have been given out, it has not.
    """
    if steps < 0:
        raise ConfigError(f"steps: expected at least 0, got {steps}")
    limits = limits or Limits()
    limits.check(start, system)
    yield start
    state = start
    for _ in range(steps):
        state = integrator.step(state, system=system, field=field)
        limits.check(state, system)
        yield state
