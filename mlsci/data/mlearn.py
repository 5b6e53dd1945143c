"""Elementary solids of mlearn: strained, hot, with vacancies and surfaces (Zuo et al. 2020, J. Phys. Chem. A 124, 731).

VASP PBE, energies in eV, forces in eV/Å; BSD-3 licence. The origin's JSON files and extxyz files that were converted
from them are both read: `virial_stress` there and `virial_raw` here hold ten times the pressure in GPa, in the order
xx yy zz xy yz xz, so that the stress in GPa is −virial/10.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlsci.data.ase_files import Labels, read
from mlsci.data.download import data_dir, fetch, find
from mlsci.data.frames import Frames
from mlsci.data.made_up import crystal, write
from mlsci.errors import MlsciError
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.units import GPA

ORIGIN = "https://raw.githubusercontent.com/materialsvirtuallab/mlearn/10c427a5/data"
PARTS = {"train": "training", "test": "test"}
ORDER = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))
CONVERTED = {  # sha256 of the extxyz files
    "Si_training": "52cb04e0041d41c06dea9a548110d4e2e9c55e5b23d9eac7a9721635ea220851",
    "Si_test": "d230bfd43f82fdb3194ee5f24879e7b78ea8afd52f149653e0c9e780a1c1be5f",
    "Ge_training": "6ac1452a8304e373e59ee2d65bc500865e67ae771d043feb3743402a0a4fac5b",
    "Ge_test": "5d7ddbc187add21afe05454488dcb0feb82df8fa54cefba8a72048d433b375b1",
    "Li_training": "8a47146c2c5eb1612de87f5e071639112f6ef44916b9e9d06322fd1c35e1f66e",
    "Li_test": "ebba6b9ba6e9641b9749a100b9186ccc26c57118e0462f51d4a8a6e314ad374a",
}


@dataclass(kw_only=True, eq=False)
class MLearn(Frames):
    """One element of mlearn: official training and test files; validation frames are cut from the training file.

    Args:
        element: the solid.
    """

    element: Literal["Si", "Ge", "Li", "Cu", "Mo", "Ni"] = "Si"

    def prepare_data(self) -> None:
        """Fetch the origin's files, unless converted ones are there."""
        for part in PARTS.values():
            if self.files is None and not self._converted(part).is_file():
                fetch(self._json(part), url=self._url(part), sha256=None)

    def structures(self) -> Mapping[str, Sequence[Structure]]:
        """Training and test frames."""
        return {name: self._read(part) for name, part in PARTS.items()}

    def fake(self, folder: Path) -> None:
        """Forty frames of a diamond crystal: the training file as extxyz, the test file as JSON."""
        from ase.data import atomic_numbers

        frames = crystal(atomic_numbers[self.element], 80)
        converted = folder / f"mlearn/{self.element}_training.extxyz"
        write(converted, [replace(one, info={"virial_raw": _virial(one)}) for one in frames[:40]])
        (folder / self._json("test")).write_text(json.dumps([_entry(one, self.element) for one in frames[40:]]))

    def _read(self, part: str) -> list[Structure]:
        if self._converted(part).is_file():
            name = f"mlearn/{self._converted(part).name}"
            sha256 = CONVERTED.get(f"{self.element}_{part}")
            path = find(name, files=self.files, url=self._url(part), sha256=sha256)
            return [replace(one, stress=_stress(one.info["virial_raw"])) for one in read(path, labels=Labels())]
        path = find(self._json(part), files=self.files, url=self._url(part), sha256=None)
        try:
            return [_structure(entry) for entry in json.loads(path.read_text())]
        except (KeyError, TypeError, ValueError) as error:
            raise MlsciError(f"{path}: no JSON of mlearn: {type(error).__name__}: {error}") from error

    def _converted(self, part: str) -> Path:
        folder = data_dir() if self.files is None else Path(self.files)
        return folder / f"mlearn/{self.element}_{part}.extxyz"

    def _json(self, part: str) -> str:
        return f"mlearn/{self.element}_{part}.json"

    def _url(self, part: str) -> str:
        return f"{ORIGIN}/{self.element}/{part}.json"


def _structure(entry: Mapping[str, Any]) -> Structure:
    """One frame of the origin's JSON, a pymatgen structure with its outputs."""
    from ase.data import atomic_numbers

    sites, outputs = entry["structure"]["sites"], entry["outputs"]
    return Structure(
        numbers=np.array([atomic_numbers[site["species"][0]["element"]] for site in sites]),
        positions=np.array([site["xyz"] for site in sites]),
        cell=np.array(entry["structure"]["lattice"]["matrix"]),
        periodic=(True, True, True),
        energy=outputs["energy"],
        forces=np.array(outputs["forces"]),
        stress=_stress(outputs["virial_stress"]),
        info={"group": entry.get("group", "")},
    )


def _stress(virial: Sequence[float]) -> np.ndarray:
    """The stress (3, 3) in eV/Å³ of six numbers of a file."""
    stress = np.empty((3, 3))
    for (i, j), value in zip(ORDER, virial, strict=True):
        stress[i, j] = stress[j, i] = -float(value) / 10 * GPA
    return stress


def _virial(one: Structure) -> np.ndarray:
    """The six numbers of a file for a stress."""
    stress = np.asarray(one.stress)
    return np.array([-10 * stress[i, j] / GPA for i, j in ORDER])


def _entry(one: Structure, element: str) -> dict[str, Any]:
    """A frame in the form of the origin's JSON."""
    sites = [{"species": [{"element": element, "occu": 1}], "xyz": place.tolist()} for place in one.positions]
    outputs = {"energy": one.energy, "forces": np.asarray(one.forces).tolist(), "virial_stress": _virial(one).tolist()}
    return {
        "structure": {"lattice": {"matrix": one.cell.tolist()}, "sites": sites},
        "outputs": outputs,
        "group": "made up",
    }
