"""A potential as a calculator of ASE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator as AseCalculator
from ase.calculators.calculator import all_changes

from mlsci.atoms.potential import check_elements, device_of, open_potential
from mlsci.errors import MlsciError
from mlsci.science.atoms.skin import SkinPairs
from mlsci.science.atoms.structure import VOIGT, Structure


class Calculator(AseCalculator):
    """Energy [eV], forces [eV/Å] and stress [eV/Å³] of a checkpoint, anywhere that ASE takes a calculator.

    `results["force_std"]` (N,) is how far the members of an ensemble disagree on each force, eV/Å. Lists of pairs are
    kept until an atom has moved by half of `skin`, the cell has changed, or the atoms are others.

    Args:
        source: path of a checkpoint, or a potential.
        trust: packages outside mlsci whose classes the checkpoint may build.
        device: cpu, cuda, or auto.
        skin: margin of the lists of pairs, Å.
        dtype: what the net computes in, float32 or float64; None: what it was trained in.
        compile: compile energy and forces at the first call: some hundred CPU-seconds, and a frame takes a quarter to a
            third of the time from then on. For thousands of frames.

    Raises:
        MlsciError: no potential; at a calculation: elements that it does not know.
    """

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012 (ASE's own declaration)

    def __init__(
        self,
        source: Any,
        *,
        trust: Sequence[str] = (),
        device: str = "auto",
        skin: float = 1.0,
        dtype: str | None = None,
        compile: bool = False,
    ):
        super().__init__()
        self.potential = open_potential(source, trust=trust, device=device, dtype=dtype)
        if compile:
            self.potential.compile_answers()
        self.skin = skin
        self._pairs: SkinPairs | None = None

    def calculate(
        self, atoms: Atoms | None = None, properties: Sequence[str] = ("energy",), system_changes: Any = all_changes
    ) -> None:
        """Fill `results`; ASE calls this when something has changed."""
        super().calculate(atoms, list(properties), system_changes)
        if self.atoms is None:
            raise MlsciError("calculator: no atoms")
        if self._pairs is None or set(system_changes) & {"numbers", "cell", "pbc"}:
            self._pairs = self._new_pairs(self.atoms)
        graph, _ = self._pairs(torch.as_tensor(self.atoms.positions).to(device_of(self.potential)))
        found = self.potential.properties(graph, stress="stress" in properties)
        energy = float(found.energy[0])
        self.results = {"energy": energy, "free_energy": energy, "forces": _numbers(found.forces)}
        if found.stress is not None and "stress" in properties:
            stress = _numbers(found.stress)[0]
            self.results["stress"] = np.array([stress[i, j] for i, j in VOIGT])
        if found.force_std is not None:
            self.results["force_std"] = _numbers(found.force_std)

    def _new_pairs(self, atoms: Atoms) -> SkinPairs:
        structure = Structure(atoms.numbers, atoms.positions.copy(), np.array(atoms.cell), tuple(atoms.pbc))
        check_elements(self.potential, [structure], name="atoms")
        device = str(device_of(self.potential))
        return SkinPairs([structure], cutoff=float(self.potential.cutoff), skin=self.skin, device=device)


def _numbers(values: torch.Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()
