"""Energies and forces by extended tight binding: reference labels of any molecule in milliseconds.

C. Bannwarth, S. Ehlert, S. Grimme, "GFN2-xTB", J. Chem. Theory Comput. 15 (2019) 1652; computed by tblite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.structure import Structure

BOHR = 0.529177210544  # Å; CODATA 2022
HARTREE = 27.211386245981  # eV
METHODS = ("GFN2-xTB", "GFN1-xTB", "IPEA1-xTB")


class Labels(NamedTuple):
    """What the quantum mechanics says of one arrangement of atoms."""

    energy: float  # eV
    forces: np.ndarray  # (N, 3), eV/Å
    stress: np.ndarray | None  # (3, 3), eV/Å³, positive when stretched; only of a periodic structure


class XTB:
    """Labels of arrangements of the atoms of `structure`, in its cell.

    Each call starts from the electrons of the call before, unless `afresh`: a third faster along a trajectory, and
    equal within the accuracy. At accuracy 0.1 (in tblite's units) forces are converged to 5e-5 eV/Å, at 1 to 4e-4.

    Raises:
        ConfigError: an unknown method, or a charge that is not whole.
        MlsciError: tblite is missing; when called, no self-consistent solution.
    """

    def __init__(
        self, structure: Structure, *, method: str = "GFN2-xTB", charge: int = 0, accuracy: float = 0.1
    ) -> None:
        if method not in METHODS:
            raise ConfigError(f"method: expected one of {', '.join(METHODS)}, got {method}")
        if charge != int(charge):
            raise ConfigError(f"charge: expected a whole number of elementary charges, got {charge}")
        periodic = np.array(structure.periodic)
        self.method, self.count = method, len(structure)
        self.volume = structure.volume if periodic.all() else 0.0
        self._calculator = _calculator_class()(
            method,
            structure.numbers,
            structure.positions / BOHR,
            float(charge),
            int(structure.numbers.sum() - charge) % 2,  # unpaired electrons: as few as there can be
            structure.cell / BOHR if periodic.any() else None,
            periodic if periodic.any() else None,
        )
        self._calculator.set("verbosity", 0)
        self._calculator.set("accuracy", accuracy)
        self._last: Any = None

    def __call__(self, positions: np.ndarray, *, afresh: bool = False) -> Labels:
        """The labels at `positions` (N, 3) in Å."""
        try:
            self._calculator.update(np.asarray(positions, dtype=np.float64) / BOHR)
            found = self._calculator.singlepoint(None if afresh else self._last)
        except RuntimeError as error:
            raise MlsciError(f"{self.method}: no solution for these {self.count} atoms ({error})") from error
        self._last = found
        forces = -found.get("gradient") * (HARTREE / BOHR)
        stress = found.get("virial") * (HARTREE / self.volume) if self.volume else None
        return Labels(float(found.get("energy")) * HARTREE, forces, stress)


def label(structures: Iterable[Structure], *, method: str = "GFN2-xTB", charge: int = 0) -> list[Structure]:
    """The structures with energy, forces and (of crystals) stress; each starts afresh, so that order is nothing."""
    labelled = []
    for structure in structures:
        energy, forces, stress = XTB(structure, method=method, charge=charge)(structure.positions, afresh=True)
        labelled.append(replace(structure, energy=energy, forces=forces, stress=stress))
    return labelled


def isolated(numbers: Sequence[int] | np.ndarray, *, method: str = "GFN2-xTB") -> dict[int, float]:
    """The energy of a single neutral atom of each element among `numbers`, eV."""
    found = {}
    for number in sorted({int(n) for n in numbers}):
        atom = Structure(numbers=np.array([number]), positions=np.zeros((1, 3)))
        found[number] = XTB(atom, method=method)(atom.positions).energy
    return found


def relaxed(structure: Structure, *, method: str = "GFN2-xTB", charge: int = 0, force: float = 0.01) -> Structure:
    """The nearest minimum of the energy at a fixed cell, where no force is longer than `force` [eV/Å].

    Raises:
        MlsciError: not reached in 500 steps.
    """
    from scipy.optimize import minimize

    labels = XTB(structure, method=method, charge=charge)

    def energy_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
        found = labels(flat.reshape(-1, 3))
        return found.energy, -found.forces.ravel()

    ended = minimize(
        energy_and_slope,
        structure.positions.ravel(),
        jac=True,
        method="BFGS",
        options={"gtol": force / np.sqrt(3), "maxiter": 500},
    )
    positions = ended.x.reshape(-1, 3)
    energy, forces, stress = labels(positions)
    longest = float(np.linalg.norm(forces, axis=1).max())
    if not longest <= 3 * force:
        raise MlsciError(f"{method}: not relaxed after {ended.nit} steps: a force of {longest:.3g} eV/Å is left")
    return replace(structure, positions=positions, energy=energy, forces=forces, stress=stress)


def _calculator_class() -> Any:
    try:
        from tblite.interface import Calculator
    except ImportError as error:
        raise MlsciError('reference labels by GFN2-xTB need tblite: `pip install "mlsci[xtb]"`') from error
    return Calculator
