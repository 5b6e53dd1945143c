"""Molecular dynamics on the energy surface of tight binding: frames with labels, and a teacher's trajectory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.xtb import XTB
from mlsci.science.dynamics.langevin import Langevin
from mlsci.science.dynamics.positive import check_positive
from mlsci.science.dynamics.simulation import states
from mlsci.science.dynamics.system import Answer, System, begin
from mlsci.science.dynamics.velocities import maxwell_boltzmann


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How frames are drawn from a canonical ensemble.

    Args:
        temperature: K.
        frames: that are kept.
        interval: fs between two of them; neighbours resemble each other below some 20 fs.
        timestep: fs; 1 samples molecules with hydrogen well, spectra want 0.5.
        friction: of the Langevin thermostat, 1/ps.
        equilibration: fs before the first frame.
    """

    temperature: float = 300.0
    frames: int = 500
    interval: float = 20.0
    timestep: float = 1.0
    friction: float = 20.0
    equilibration: float = 1000.0

    def __post_init__(self) -> None:
        check_positive(self, or_zero=["equilibration"])
        if self.timestep > self.interval:
            raise ConfigError(f"interval: expected at least one time step of {self.timestep} fs, got {self.interval}")

    @property
    def stride(self) -> int:
        """Time steps from one frame to the next."""
        return max(round(self.interval / self.timestep), 1)


def sample(
    structure: Structure,
    sampling: Sampling,
    *,
    seed: int,
    method: str = "GFN2-xTB",
    charge: int = 0,
    tick: Callable[[int], None] = lambda frames: None,
) -> list[Structure]:
    """Labelled frames of Langevin dynamics from `structure`; `tick` hears how many there are.

    Raises:
        MlsciError: tblite is missing, no self-consistent solution, or (Exploded) the molecule flies apart.
    """
    generator = torch.Generator().manual_seed(seed)
    system = single(structure)
    integrator = Langevin(
        timestep=sampling.timestep,
        temperature=sampling.temperature,
        friction=sampling.friction,
        generator=generator,
    )
    teacher = Teacher(structure, method=method, charge=charge)
    velocities = maxwell_boltzmann(system, sampling.temperature, generator=generator)
    start = begin(torch.as_tensor(structure.positions), velocities, field=teacher)
    skipped = round(sampling.equilibration / sampling.timestep)
    steps = skipped + sampling.stride * sampling.frames
    kept: list[Structure] = []
    for state in states(start, system=system, integrator=integrator, field=teacher, steps=steps):
        if state.step > skipped and (state.step - skipped) % sampling.stride == 0:
            kept.append(_frame(structure, state.positions, state.answer, teacher.stress))
            tick(len(kept))
    return kept


class Teacher:
    """The tight-binding surface as a field of `science.dynamics`, for one structure."""

    def __init__(self, structure: Structure, *, method: str = "GFN2-xTB", charge: int = 0) -> None:
        self.labels = XTB(structure, method=method, charge=charge)
        self.open = not any(structure.periodic)
        self.stress: Tensor | None = None

    def __call__(self, positions: Tensor) -> Answer:
        """Energy and forces at `positions` (N, 3) [Å], and of a molecule the shortest distance."""
        energy, forces, stress = self.labels(positions.numpy())
        self.stress = None if stress is None else torch.as_tensor(stress)
        shortest = float(torch.pdist(positions).min()) if self.open and len(positions) > 1 else torch.inf
        return Answer(torch.tensor([energy], dtype=torch.float64), torch.as_tensor(forces), shortest=shortest)


def single(structure: Structure) -> System:
    """The system of one structure, with ASE's masses."""
    from ase.data import atomic_masses

    masses = torch.as_tensor(atomic_masses[structure.numbers])
    return System(masses=masses, replica=torch.zeros(len(masses), dtype=torch.int64), constrained=0)


def _frame(structure: Structure, positions: Tensor, answer: Answer, stress: Tensor | None) -> Structure:
    """A labelled copy; a molecule is put back to the origin, from where the noise of the thermostat moves it."""
    centre = 0.0 if any(structure.periodic) else positions.mean(dim=0)
    return replace(
        structure,
        positions=(positions - centre).numpy(),
        energy=float(answer.energy),
        forces=answer.forces.numpy(),
        stress=None if stress is None else stress.numpy(),
    )
