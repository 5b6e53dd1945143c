"""Molecules and materials from a file of one's own: extxyz, or anything else that ASE reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlsci.data.ase_files import Labels, read
from mlsci.data.frames import Frames
from mlsci.data.made_up import ethanol, write
from mlsci.errors import ConfigError
from mlsci.science.atoms.structure import Structure


@dataclass(kw_only=True, eq=False)
class Molecules(Frames):
    """Frames of one file, or of one file a part; periodic or not, of any elements and sizes.

    Args:
        path: training frames; validation and test frames are cut from it where they have no file.
        val_path: validation frames.
        test_path: test frames.
        energy_key: name of the energy [eV] in the file.
        forces_key: name of the forces [eV/Å]; null: there are none.
        stress_key: name of the stress [eV/Å³], positive when stretched; null: not used.
        virial_key: name of the virial [eV] instead: −V times the stress, positive when compressed.
        partial: keep frames that lack energy or forces where others have them.
    """

    path: str
    val_path: str | None = None
    test_path: str | None = None
    energy_key: str = "energy"
    forces_key: str | None = "forces"
    stress_key: str | None = None
    virial_key: str | None = None
    partial: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stress_key is not None and self.virial_key is not None:
            raise ConfigError("data.virial_key: the stress comes from data.stress_key already; give one of them")

    @property
    def labels(self) -> Labels:
        """The names of labels."""
        return Labels(
            energy=self.energy_key,
            forces=self.forces_key,
            stress=self.stress_key,
            virial=self.virial_key,
            partial=self.partial,
        )

    def structures(self) -> Mapping[str, Sequence[Structure]]:
        """The frames of each file."""
        paths = {"train": self.path, "val": self.val_path, "test": self.test_path}
        keys = {"train": "data.path", "val": "data.val_path", "test": "data.test_path"}
        return {
            part: read(Path(self.files or ".") / path, labels=self.labels, key=keys[part])
            for part, path in paths.items()
            if path is not None
        }

    def fake(self, folder: Path) -> None:
        """Forty frames of a molecule, and its isolated atoms."""
        for i, path in enumerate(path for path in (self.path, self.val_path, self.test_path) if path is not None):
            write(folder / path, ethanol(40, seed=i, isolated=i == 0), labels=self.labels)

    def _isolated_labels(self) -> Labels:
        return Labels(energy=self.energy_key, forces=None)
