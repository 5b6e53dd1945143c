"""Where an ensemble of potentials knows least: its own dynamics, and the frames that are worth a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.atoms.skin import SkinPairs
from mlsci.science.atoms.structure import Structure
from mlsci.science.dynamics.langevin import Langevin
from mlsci.science.dynamics.positive import check_positive
from mlsci.science.dynamics.system import Answer, Field, State, System, begin
from mlsci.science.dynamics.velocities import maxwell_boltzmann

Acquisition = Literal["uncertain", "random"]


class Candidate(NamedTuple):
    """A frame of an ensemble's dynamics."""

    structure: Structure  # without labels
    doubt: float  # eV/Å: the largest `force_std` among its atoms
    replica: int


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """Langevin dynamics of an ensemble, several replicas side by side.

    A replica whose forces are uncertain by more than `max_std`, or longer than `max_force`, is where nothing may be
    believed any more: its last frame stays a candidate, and it begins anew where it began.

    Args:
        temperature: K.
        steps: time steps of each replica.
        every: steps between two candidates.
        timestep: fs.
        friction: 1/ps.
        replicas: that begin at frames of the training set.
        max_std: eV/Å.
        max_force: eV/Å.
    """

    temperature: float = 600.0
    steps: int = 500
    every: int = 10
    timestep: float = 1.0
    friction: float = 20.0
    replicas: int = 8
    max_std: float = 3.0
    max_force: float = 40.0

    def __post_init__(self) -> None:
        check_positive(self, key="exploration", or_infinite=["max_std", "max_force"])
        if self.every > self.steps:
            raise ConfigError(f"exploration.every: expected at most steps={self.steps}, got {self.every}")

    def explore(self, model: Any, starts: Sequence[Structure], *, seed: int) -> list[Candidate]:
        """Frames of replicas that begin at structures drawn from `starts`.

        Args:
            model: a potential with members; see `mlsci.models.potential.Potential.properties`.
            starts: structures of which each replica draws one.
            seed: of starts, velocities and thermostat.
        """
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randint(len(starts), (self.replicas,), generator=generator).tolist()
        begun = [starts[index] for index in drawn]
        walk = _Walk(self, begun, field=_field(model, begun), generator=generator)
        return walk.candidates()


def ranking(candidates: Sequence[Candidate], *, acquisition: Acquisition, seed: int) -> list[Candidate]:
    """The candidates in the order in which to label them.

    That is a random one, or the most doubtful frame of each replica first, then the second of each, and so on: frames
    of one replica resemble each other.

    Raises:
        ConfigError: another acquisition.
    """
    if acquisition not in ("uncertain", "random"):
        raise ConfigError(f"acquisition: expected uncertain or random, got {acquisition}")
    order = torch.randperm(len(candidates), generator=torch.Generator().manual_seed(seed)).tolist()
    mixed = [candidates[index] for index in order]
    if acquisition == "random":
        return mixed
    turns: dict[int, int] = {}
    ranked = []
    for one in sorted(mixed, key=lambda one: -one.doubt):
        turns[one.replica] = turns.get(one.replica, -1) + 1
        ranked.append((turns[one.replica], one))
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


class _Walk:
    """One exploration: a state, and what was found on the way."""

    def __init__(self, settings: Exploration, begun: list[Structure], *, field: Field, generator: torch.Generator):
        from ase.data import atomic_masses

        self.settings, self.begun, self.field, self.generator = settings, begun, field, generator
        numbers = [torch.as_tensor(one.numbers) for one in begun]
        counts = torch.tensor([len(one) for one in begun])
        masses = torch.as_tensor(atomic_masses)[torch.cat(numbers)]
        self.system = System(masses=masses, replica=torch.arange(len(begun)).repeat_interleave(counts))
        self.start = torch.cat([torch.as_tensor(one.positions) for one in begun])  # (A, 3)
        self.found: list[Candidate] = []

    def candidates(self) -> list[Candidate]:
        """Walk all steps."""
        state = begin(self.start, self._velocities(), field=self.field)
        integrator = Langevin(
            timestep=self.settings.timestep,
            temperature=self.settings.temperature,
            friction=self.settings.friction,
            generator=self.generator,
        )
        for step in range(1, self.settings.steps + 1):
            state = integrator.step(state, system=self.system, field=self.field)
            lost = self._lost(state)
            due = step % self.settings.every == 0
            self._keep(state, torch.ones_like(lost) if due else lost)
            if bool(lost.any()):
                state = self._restarted(state, lost)
        return self.found

    def _velocities(self) -> Tensor:
        return maxwell_boltzmann(self.system, self.settings.temperature, generator=self.generator)

    def _most(self, values: Tensor) -> Tensor:
        """The largest value (G,) among the atoms (A,) of each replica, NaN where one is NaN."""
        most = values.new_zeros(self.system.count)
        return most.scatter_reduce(0, self.system.replica, values, "amax")

    def _lost(self, state: State) -> Tensor:
        """Which replicas (G,) went too far."""
        force = self._most(state.answer.forces.norm(dim=1))
        return ~((force < self.settings.max_force) & (self._doubt(state) < self.settings.max_std))

    def _doubt(self, state: State) -> Tensor:
        std = state.answer.force_std
        if std is None:
            raise ConfigError("active learning needs an ensemble, whose members can disagree: model.members=3")
        return self._most(std)

    def _keep(self, state: State, wanted: Tensor) -> None:
        doubt, ends = self._doubt(state), self.system.atoms.cumsum(0).tolist()
        for number in wanted.nonzero()[:, 0].tolist():
            atoms = slice(ends[number] - len(self.begun[number]), ends[number])
            positions, forces = state.positions[atoms], state.answer.forces[atoms]
            if bool(positions.isfinite().all() & forces.isfinite().all()):
                bare = {"energy": None, "forces": None, "stress": None}
                structure = replace(self.begun[number], positions=positions.numpy(), **bare)
                self.found.append(Candidate(structure, float(doubt[number]), number))

    def _restarted(self, state: State, lost: Tensor) -> State:
        atoms = lost[self.system.replica][:, None]
        positions = torch.where(atoms, self.start, state.positions)
        velocities = torch.where(atoms, self._velocities(), state.velocities)
        return replace(begin(positions, velocities, field=self.field), step=state.step)


def _field(model: Any, structures: Sequence[Structure]) -> Field:
    """The forces of the ensemble's mean, with their spread."""
    device = str(getattr(model, "device", "cpu"))
    pairs = SkinPairs(structures, cutoff=float(model.cutoff), device=device)

    def field(positions: Tensor) -> Answer:
        graph, shortest = pairs(positions.to(device))
        found = model.properties(graph)
        std = None if found.force_std is None else found.force_std.double().cpu()
        return Answer(found.energy.double().cpu(), found.forces.double().cpu(), std, shortest)

    return field
