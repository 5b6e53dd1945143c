"""The atoms of one or several replicas side by side, and how they stand at one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.dynamics.units import ACCELERATION, BOLTZMANN


class Answer(NamedTuple):
    """What a potential says of an arrangement of atoms."""

    energy: Tensor  # (G,), eV
    forces: Tensor  # (A, 3), eV/Å
    force_std: Tensor | None = None  # (A,), eV/Å: how far an ensemble disagrees
    shortest: float = torch.inf  # distance of the two nearest atoms, Å


Field = Callable[[Tensor], Answer]  # positions (A, 3) in Å


@dataclass(frozen=True, eq=False, kw_only=True)
class System:
    """What does not change: A atoms that belong to G replicas.

    Args:
        masses: (A,), u.
        replica: of each atom, (A,) int64, ascending.
        constrained: degrees of freedom that do not move in each replica: 3 where its momentum stays zero.
    """

    masses: Tensor
    replica: Tensor
    constrained: int = 0
    count: int = field(init=False)
    atoms: Tensor = field(init=False)  # of each replica, (G,)
    acceleration: Tensor = field(init=False)  # (A, 1): Å/fs² for 1 eV/Å

    def __post_init__(self) -> None:
        if self.masses.ndim != 1 or self.masses.shape != self.replica.shape:
            raise ConfigError(f"masses: expected {tuple(self.replica.shape)}, got {tuple(self.masses.shape)}")
        if not bool((self.masses > 0).all()):
            raise ConfigError("masses: expected numbers above 0 u")
        atoms = torch.bincount(self.replica)
        object.__setattr__(self, "count", len(atoms))
        object.__setattr__(self, "atoms", atoms)
        object.__setattr__(self, "acceleration", (ACCELERATION / self.masses.double())[:, None])

    def total(self, values: Tensor) -> Tensor:
        """The sums over the atoms of each replica: (A, ...) -> (G, ...)."""
        return values.new_zeros(self.count, *values.shape[1:]).index_add_(0, self.replica, values)

    def kinetic(self, velocities: Tensor) -> Tensor:
        """Σ m v² / 2 of each replica, (G,), eV."""
        return self.total((velocities**2 / self.acceleration).sum(1)) / 2

    def freedom(self) -> Tensor:
        """Degrees of freedom of each replica, (G,)."""
        return (3 * self.atoms - self.constrained).clamp(min=1)

    def temperature(self, velocities: Tensor) -> Tensor:
        """2 E_kin / (f k_B) of each replica, (G,), K."""
        return 2 * self.kinetic(velocities) / (self.freedom() * BOLTZMANN)


@dataclass(frozen=True, eq=False, kw_only=True)
class State:
    """One moment: where the atoms are, how they move, and what the potential says there."""

    positions: Tensor  # (A, 3), Å
    velocities: Tensor  # (A, 3), Å/fs
    answer: Answer
    step: int = 0


def begin(positions: Tensor, velocities: Tensor, *, field: Field) -> State:
    """The state of step 0, in float64."""
    positions, velocities = positions.double(), velocities.double()
    return State(positions=positions, velocities=velocities, answer=field(positions))
