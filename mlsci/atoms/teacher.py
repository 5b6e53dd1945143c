"""Tight binding in the place of a checkpoint: the teacher's own dynamics, by the same steps as its pupil's."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.xtb import METHODS
from mlsci.science.atoms.xtb_md import Teacher
from mlsci.science.dynamics.system import Answer

__all__ = ["METHODS", "TeacherField"]


class TeacherField:
    """The forces of one of METHODS for several replicas, each with electrons of its own."""

    def __init__(self, structures: Sequence[Structure], *, method: str, charge: int = 0):
        self._sizes = [len(structure) for structure in structures]
        self._teachers = [Teacher(structure, method=method, charge=charge) for structure in structures]

    def __call__(self, positions: Tensor) -> Answer:
        """Energies (G,) in eV and forces (A, 3) in eV/Å at positions (A, 3) in Å."""
        places = positions.split(self._sizes)
        found = [teacher(place) for teacher, place in zip(self._teachers, places, strict=True)]
        return Answer(
            torch.cat([one.energy for one in found]),
            torch.cat([one.forces for one in found]),
            shortest=min(one.shortest for one in found),
        )
