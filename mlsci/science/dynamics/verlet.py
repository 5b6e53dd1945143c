"""Velocity Verlet (Swope et al. 1982): constant energy."""

from __future__ import annotations

from dataclasses import dataclass

from mlsci.errors import ConfigError
from mlsci.science.dynamics.system import Field, State, System


@dataclass(frozen=True, kw_only=True)
class Verlet:
    """Newton's equations with a time step in fs: order 2, time-reversible, symplectic; one call of the forces a step.

    v ← v + dt/2 a(x);  x ← x + dt v;  v ← v + dt/2 a(x)
    """

    timestep: float

    def __post_init__(self) -> None:
        check_timestep(self.timestep)

    def step(self, state: State, *, system: System, field: Field) -> State:
        """One step on."""
        half = system.acceleration * (self.timestep / 2)  # (A, 1)
        velocities = state.velocities + half * state.answer.forces
        positions = state.positions + self.timestep * velocities
        answer = field(positions)
        velocities = velocities + half * answer.forces
        return State(positions=positions, velocities=velocities, answer=answer, step=state.step + 1)


def check_timestep(timestep: float) -> None:
    """Refuse a step of no length, and one that is not a number."""
    if not 0 < timestep < float("inf"):
        raise ConfigError(f"timestep: expected a time above 0 fs, got {timestep:g}")
