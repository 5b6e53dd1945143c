"""Langevin dynamics by the BAOAB splitting: constant temperature.

B. Leimkuhler, C. Matthews, "Rational construction of stochastic numerical methods for molecular sampling", Applied
Mathematics Research eXpress 2013 (2013) 34-56.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from mlsci.errors import ConfigError
from mlsci.science.dynamics.system import Field, State, System
from mlsci.science.dynamics.units import BOLTZMANN
from mlsci.science.dynamics.verlet import check_timestep


@dataclass(frozen=True, kw_only=True)
class Langevin:
    """dv = a dt − γ v dt + √(2 γ k_B T / m) dW; the positions of a harmonic oscillator are sampled without error.

    Args:
        timestep: fs.
        temperature: K.
        friction: γ, 1/ps.
        generator: on the device of the system.
    """

    timestep: float
    temperature: float
    friction: float
    generator: torch.Generator

    def __post_init__(self) -> None:
        check_timestep(self.timestep)
        if not 0 <= self.temperature < math.inf:
            raise ConfigError(f"temperature: expected at least 0 K, got {self.temperature:g}")
        if not 0 < self.friction < math.inf:
            raise ConfigError(f"friction: expected a rate above 0 /ps, got {self.friction:g}")

    def step(self, state: State, *, system: System, field: Field) -> State:
        """One step on: half a kick, half a drift, friction and noise, half a drift, half a kick."""
        half = self.timestep / 2
        kept = math.exp(-self.friction * self.timestep / 1000)  # of a velocity; 1000 fs = 1 ps
        velocities = state.velocities + half * system.acceleration * state.answer.forces
        positions = state.positions + half * velocities
        noise = torch.randn(
            velocities.shape, generator=self.generator, dtype=velocities.dtype, device=velocities.device
        )
        thermal = ((1 - kept**2) * BOLTZMANN * self.temperature * system.acceleration).sqrt()  # (A, 1), Å/fs
        velocities = kept * velocities + thermal * noise
        positions = positions + half * velocities
        answer = field(positions)
        velocities = velocities + half * system.acceleration * answer.forces
        return State(positions=positions, velocities=velocities, answer=answer, step=state.step + 1)
