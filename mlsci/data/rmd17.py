"""Revised MD17: ten small molecules, 100,000 frames each, PBE/def2-SVP (Christensen & von Lilienfeld 2020).

Machine Learning: Science and Technology 1, 045018. One archive of about 1 GB at figshare; its labels are in kcal/mol
and kcal/mol/Å. Five splits of 1000 training and 1000 test frames come with it: use no more than 1000 for training, as
neighbouring frames of the molecular dynamics know each other.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlsci.data.download import data_dir, fetch, find
from mlsci.data.frames import Frames
from mlsci.data.made_up import ethanol
from mlsci.errors import ConfigError, DownloadError, MlsciError
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.units import KCAL

URL = "https://figshare.com/ndownloader/files/23950376"
ARCHIVE = "rmd17.tar.bz2"
FIELDS = ("nuclear_charges", "coords", "energies", "forces", "old_indices", "old_energies", "old_forces")
Molecule = Literal[
    "aspirin",
    "azobenzene",
    "benzene",
    "ethanol",
    "malonaldehyde",
    "naphthalene",
    "paracetamol",
    "salicylic",
    "toluene",
    "uracil",
]


@dataclass(kw_only=True, eq=False)
class RMD17(Frames):
    """One molecule of rMD17 on one of its five splits.

    The checksum of the archive was never seen: fields, shapes and the checks of labels vouch for its content.

    Args:
        molecule: its name in the archive.
        fold: split 1 to 5.
        old: labels of the original MD17 instead, which are noisy.
    """

    molecule: Molecule = "ethanol"
    fold: int = 1
    old: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.fold <= 5:
            raise ConfigError(f"data.fold: expected 1 to 5, got {self.fold}")

    @property
    def names(self) -> dict[str, str]:
        """The files that are read, below our data folder."""
        splits = {part: f"rmd17/splits/index_{part}_{self.fold:02d}.csv" for part in ("train", "test")}
        return {"frames": f"rmd17/npz_data/rmd17_{self.molecule}.npz", **splits}

    def prepare_data(self) -> None:
        """Fetch and unpack the archive, unless its files are there."""
        if self.files is not None or all((data_dir() / name).is_file() for name in self.names.values()):
            return
        path = fetch(ARCHIVE, url=URL, sha256=None)
        try:
            with tarfile.open(path) as archive:
                archive.extractall(data_dir(), filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise DownloadError(f"{path}: not unpacked: {error}. Delete it to download it again from {URL}") from error

    def structures(self) -> Mapping[str, Sequence[Structure]]:
        """Training and test frames of the split."""
        paths = {part: find(name, files=self.files, url=URL, sha256=None) for part, name in self.names.items()}
        with np.load(paths["frames"]) as content:
            lacking = [name for name in FIELDS if name not in content]
            if lacking:
                raise MlsciError(f"{paths['frames']}: no {', '.join(lacking)}; found: {', '.join(content)}")
            fields = {name: content[name] for name in FIELDS}
        rows = {part: np.loadtxt(paths[part], dtype=np.int64, ndmin=1) for part in ("train", "test")}
        last = max(int(index.max()) for index in rows.values())
        if last >= len(fields["energies"]):
            raise MlsciError(f"{paths['frames']}: {len(fields['energies'])} frames, the split asks for frame {last}")
        return {part: [self._frame(fields, i) for i in index] for part, index in rows.items()}

    def fake(self, folder: Path) -> None:
        """Sixty frames of ethanol, whatever the molecule, and a split of 40 and 20."""
        frames = ethanol(60)
        for name in self.names.values():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        fields: dict[str, Any] = {
            "energies": np.array([one.energy for one in frames]) / KCAL,
            "forces": np.stack([np.asarray(one.forces) for one in frames]) / KCAL,
        }
        fields |= {f"old_{name}": value for name, value in fields.items()}
        fields |= {"nuclear_charges": frames[0].numbers, "coords": np.stack([one.positions for one in frames])}
        np.savez(folder / self.names["frames"], old_indices=np.arange(60), **fields)
        np.savetxt(folder / self.names["train"], np.arange(40), fmt="%d")
        np.savetxt(folder / self.names["test"], np.arange(40, 60), fmt="%d")

    def _frame(self, fields: Mapping[str, np.ndarray], i: int) -> Structure:
        prefix = "old_" if self.old else ""
        return Structure(
            numbers=fields["nuclear_charges"],
            positions=fields["coords"][i],
            energy=float(np.ravel(fields[f"{prefix}energies"])[i]) * KCAL,
            forces=fields[f"{prefix}forces"][i] * KCAL,
        )
