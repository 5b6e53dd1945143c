"""The frames of the comparison: a split as mlsci draws it, written as extxyz for everyone else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase.io
from ase.calculators.singlepoint import SinglePointCalculator

from mlsci import config, interpolation
from mlsci.build import instantiate
from mlsci.data.base import Data
from mlsci.science.atoms.structure import Structure

ELEMENTS = ("Si", "Ge", "Li", "Cu", "Mo", "Ni")


@dataclass(frozen=True)
class Split:
    """Frames and what is known of them.

    Args:
        files: extxyz by part: train, valid, test.
        statistics: of the training part, as mlsci's spec has them.
    """

    files: dict[str, str]
    statistics: dict[str, Any]

    def mapping(self) -> dict[str, Any]:
        """For a job; the mean binding energy is added to the energies of free atoms."""
        kept = {key: self.statistics[key] for key in ("elements", "scale", "neighbours", "cutoff")}
        energies = [energy + self.statistics["shift"] for energy in self.statistics["energies"]]
        return {"files": self.files, "energies": energies, **kept}


def overrides(name: str, *, seed: int) -> list[str]:
    """Of `mlsci train`: the experiment of a set, "acac" or an element of mlearn; its split, the size of the peers' net.

    Stress is left out, as the peers get energies and forces alone.
    """
    no_stress = ["objective.loss.stress=0", "~objective.metrics.stress_rmse"]
    solid = ["experiment=atoms/silicon", f"data.element={name}", *no_stress]
    chosen = ["experiment=atoms/acac"] if name == "acac" else solid
    size = ["net.channels=32", "net.l_max=2", "net.l_hidden=1"]
    return [*chosen, f"data.split_seed={seed}", f"seed={seed}", *size]


def split(name: str, *, seed: int, folder: Path) -> Split:
    """Draw the split and write its files."""
    interpolation.register()
    values = config.plain(config.explain(overrides(name, seed=seed), []).config)
    data: Data = instantiate(values["data"], path="data")
    data.prepare_data()
    data.setup()
    folder.mkdir(parents=True)
    files = {}
    for part, theirs in (("train", "train"), ("val", "valid"), ("test", "test")):
        path = folder / f"{theirs}.xyz"
        frames: Any = data.split(part)
        ase.io.write(path, [_labelled(one) for one in frames.structures], format="extxyz")
        files[theirs] = str(path)
    statistics = data.spec.statistics if data.spec is not None else {}
    return Split(files=files, statistics=dict(statistics))


def _labelled(structure: Structure) -> ase.Atoms:
    """Energy and forces alone."""
    atoms = ase.Atoms(structure.numbers, structure.positions, cell=structure.cell, pbc=structure.periodic)
    atoms.calc = SinglePointCalculator(atoms, energy=structure.energy, forces=structure.forces)
    return atoms
