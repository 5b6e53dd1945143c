"""Velocities at the start of a simulation: Maxwell and Boltzmann's distribution."""

from __future__ import annotations

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.dynamics.system import System
from mlsci.science.dynamics.units import BOLTZMANN


def maxwell_boltzmann(
    system: System, temperature: float, *, generator: torch.Generator, momentum: bool = False, exact: bool = False
) -> Tensor:
    """Velocities (A, 3) in Å/fs at `temperature` [K].

    Args:
        system: masses and replicas.
        temperature: K.
        generator: on the device of the system; the only source of randomness.
        momentum: leave each replica its total momentum instead of taking it off.
        exact: scale each replica to the temperature instead of drawing from its distribution.

    Raises:
        ConfigError: a negative temperature, or a replica of a single atom that may not move.
    """
    if not 0 <= temperature < torch.inf:
        raise ConfigError(f"temperature: expected at least 0 K, got {temperature:g}")
    masses = system.masses.double()[:, None]
    noise = torch.randn(len(masses), 3, generator=generator, dtype=torch.float64, device=masses.device)
    velocities = (BOLTZMANN * temperature * system.acceleration).sqrt() * noise  # (A, 3)
    if not momentum:
        if int(system.atoms.min()) < 2:
            raise ConfigError("velocities: a replica of one atom has no velocity without momentum")
        drift = system.total(masses * velocities) / system.total(masses)  # (G, 3)
        velocities = velocities - drift[system.replica]
    if exact and temperature > 0:
        scale = (temperature / system.temperature(velocities)).sqrt()  # (G,)
        velocities = velocities * scale[system.replica][:, None]
    return velocities
