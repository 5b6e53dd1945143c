"""One arrangement of atoms with its labels, apart from any library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mlsci.errors import MlsciError

if TYPE_CHECKING:
    from ase import Atoms

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))  # xx yy zz yz xz xy, the order of ASE


@dataclass(frozen=True, eq=False)
class Structure:
    """Atoms in a molecule, a crystal or a slab; energy, forces and stress where they are known.

    Args:
        numbers: atomic numbers, (N,) int64.
        positions: (N, 3), Å.
        cell: (3, 3), Å, rows are lattice vectors; zeros where there is none.
        periodic: along which lattice vectors the atoms repeat.
        energy: of the whole, eV.
        forces: (N, 3), eV/Å.
        stress: (3, 3), eV/Å³: the derivative of the energy by the strain over the volume, positive when
            stretched (ASE's sign, the opposite of a pressure).
        info: what else a file says of the frame.

    Raises:
        MlsciError: shapes that do not fit.
    """

    numbers: np.ndarray
    positions: np.ndarray
    cell: np.ndarray = field(default_factory=lambda: np.zeros((3, 3)))
    periodic: tuple[bool, bool, bool] = (False, False, False)
    energy: float | None = None
    forces: np.ndarray | None = None
    stress: np.ndarray | None = None
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.numbers)
        self._set("numbers", np.asarray(self.numbers, dtype=np.int64), (count,))
        for name, shape in (("positions", (count, 3)), ("cell", (3, 3)), ("forces", (count, 3)), ("stress", (3, 3))):
            value = getattr(self, name)
            if value is not None:
                self._set(name, np.asarray(value, dtype=np.float64), shape)
        first, second, third = (bool(axis) for axis in self.periodic)
        object.__setattr__(self, "periodic", (first, second, third))
        if self.energy is not None:
            object.__setattr__(self, "energy", float(self.energy))

    def _set(self, name: str, value: np.ndarray, shape: tuple[int, ...]) -> None:
        if value.shape != shape:
            raise MlsciError(f"structure.{name}: expected shape {shape}, got {value.shape}")
        object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def volume(self) -> float:
        """Of the cell, Å³; 0 where there is none."""
        return float(abs(np.linalg.det(self.cell)))

    def to_ase(self) -> Atoms:
        """The same as ase.Atoms, labels in a SinglePointCalculator."""
        from ase import Atoms
        from ase.calculators.singlepoint import SinglePointCalculator

        atoms = Atoms(
            numbers=self.numbers, positions=self.positions, cell=self.cell, pbc=self.periodic, info=dict(self.info)
        )
        stress = None if self.stress is None else np.array([self.stress[i, j] for i, j in VOIGT])
        labels = {"energy": self.energy, "forces": self.forces, "stress": stress}
        known = {name: value for name, value in labels.items() if value is not None}
        if known:
            atoms.calc = SinglePointCalculator(atoms, **known)
        return atoms

    @classmethod
    def from_ase(cls, atoms: Atoms) -> Structure:
        """The atoms with what their calculator has already computed; nothing is computed here."""
        results = {} if atoms.calc is None else atoms.calc.results
        stress = results.get("stress")
        return cls(
            numbers=atoms.numbers,
            positions=atoms.positions.copy(),
            cell=np.array(atoms.cell),
            periodic=tuple(atoms.pbc),
            energy=results.get("energy"),
            forces=results.get("forces"),
            stress=None if stress is None else full(stress),
            info=dict(atoms.info),
        )


def full(stress: np.ndarray) -> np.ndarray:
    """A stress of nine numbers, or of six in the order xx yy zz yz xz xy, as a matrix (3, 3)."""
    values = np.asarray(stress, dtype=np.float64)
    if values.size == 9:
        return values.reshape(3, 3)
    if values.shape != (6,):
        raise MlsciError(f"stress: expected shape (3, 3), (9,) or (6,), got {values.shape}")
    matrix = np.empty((3, 3))
    for (i, j), value in zip(VOIGT, values, strict=True):
        matrix[i, j] = matrix[j, i] = value
    return matrix
