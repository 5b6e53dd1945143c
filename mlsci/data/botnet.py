"""Molecules of the BOTNet data sets (Kovács et al. 2021, JCTC 17, 7696; Batatia et al. 2025, Nat. Mach. Intell. 7, 56).

DFT in eV and eV/Å, with energies of isolated atoms: acetylacetone, 3BPA, ethanol; MIT licence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from mlsci.data.ase_files import Labels, read
from mlsci.data.download import fetch, find
from mlsci.data.frames import Frames
from mlsci.data.made_up import molecule, single_atoms, write
from mlsci.science.atoms.structure import Structure

ORIGIN = "https://raw.githubusercontent.com/davkovacs/BOTNet-datasets/29e6d467317e4b5967b7ea5cbee54de953fa0d45"
SHA256 = {  # of the files that were seen; the others are read with the checks of labels alone
    "acac/isolated_atoms.xyz": "b74f321b453374621b447d65c60979f70df1b7182c8ee0215388b2c574f33823",
    "acac/train_300K.xyz": "8f5706d6902360555a5be59395612d2afc3489a75688388a58e7275fdad68af3",
    "acac/test_MD_300K.xyz": "2291f3186a3cc6a5e05e92952c84a9237ca53f862d78fd3316a769360719ec43",
    "ethanol/isolated_atoms.xyz": "a2a662390f31ad623ce493038e680bc34214f88d4432566bf8fbd0761be57583",
    "ethanol/train.xyz": "a26a16d8910581fa321fedc3bd3dfe31f2460e8cbfdc7a8f65243f4fd7250dd0",
    "threebpa/iso_atoms.xyz": "e12a2465a2612bf38fd5dabdf64d4b57fc58ce9610a858c54ea1142d517c053f",
    "threebpa/train_300K.xyz": "d109971fab90e2231ad931a83eb704c8d940f5c7d7a8de27fe3b84ea18634c0a",
}


@dataclass(kw_only=True, eq=False)
class BotNet(Frames):
    """One molecule of the collection; a subclass says which files it has."""

    folder: ClassVar[str]  # of our data folder
    remote: ClassVar[str]  # at the origin
    made_up: ClassVar[str]  # a molecule of ASE with the same elements, for tests

    def names(self) -> dict[str, str | None]:
        """The file of each part: train, test, isolated."""
        raise NotImplementedError

    def prepare_data(self) -> None:
        """Fetch the files."""
        if self.files is None:
            for name in filter(None, self.names().values()):
                fetch(f"{self.folder}/{name}", url=self._url(name), sha256=self._sum(name))

    def structures(self) -> Mapping[str, Sequence[Structure]]:
        """The frames of each file."""
        return {part: self._read(name) for part, name in self.names().items() if name is not None}

    def fake(self, folder: Path) -> None:
        """Forty frames a part of a shaken molecule of the same elements."""
        for seed, (part, name) in enumerate(self.names().items()):
            frames = molecule(self.made_up, 40, seed=seed)
            if part == "isolated":
                frames = single_atoms(sorted(set(frames[0].numbers.tolist())))
            if name is not None:
                write(folder / self.folder / name, frames)

    def _read(self, name: str) -> list[Structure]:
        path = find(f"{self.folder}/{name}", files=self.files, url=self._url(name), sha256=self._sum(name))
        return read(path, labels=Labels())

    def _url(self, name: str) -> str:
        return f"{ORIGIN}/{self.remote}/{name}"

    def _sum(self, name: str) -> str | None:
        return SHA256.get(f"{self.folder}/{name}")


@dataclass(kw_only=True, eq=False)
class AcAc(BotNet):
    """Acetylacetone, 15 atoms, UHF PBE + D3 / def2-SVP: 500 training frames at 300 K, 650 test frames of MD.

    Args:
        train: temperature of the training frames.
        test: MD_300K, MD_600K (650 frames each), the proton transfer, or the scan of a dihedral angle.
    """

    folder = "acac"
    remote = "dataset_acac"
    made_up = "CH3CHO"
    train: Literal["300K", "600K"] = "300K"
    test: Literal["MD_300K", "MD_600K", "H_transfer", "dihedral"] | None = "MD_300K"

    def names(self) -> dict[str, str | None]:
        """The file of each part."""
        test = f"test_{self.test}.xyz" if self.test else None
        return {"train": f"train_{self.train}.xyz", "test": test, "isolated": "isolated_atoms.xyz"}


@dataclass(kw_only=True, eq=False)
class Ethanol(BotNet):
    """Ethanol, 9 atoms, geometries of rMD17 at PBE / def2-SVP: 1000 frames.

    Args:
        test: another file of the origin: MD (1000 further frames), the removal of a hydrogen atom, or a vibration
            (wavenumber in 1/cm); null: cut from the 1000 frames by `test_size`.
    """

    folder = "ethanol"
    remote = "dataset_ethanol"
    made_up = "CH3CH2OH"
    test: Literal["MD", "H_removal", "norm_mode_874", "norm_mode_3005"] | None = None

    def names(self) -> dict[str, str | None]:
        """The file of each part."""
        test = f"test_{self.test}.xyz" if self.test else None
        return {"train": "train.xyz", "test": test, "isolated": "isolated_atoms.xyz"}


@dataclass(kw_only=True, eq=False)
class ThreeBPA(BotNet):
    """3-(benzyloxy)pyridin-2-amine, 27 atoms, a flexible molecule like a drug: 500 training frames.

    Args:
        train: frames at 300 K, or of all three temperatures.
        test: temperature of the test frames, 300K, 600K or 1200K; null: cut from the training file by `test_size`.
    """

    folder = "threebpa"
    remote = "dataset_3BPA"
    made_up = "CH3CONH2"
    train: Literal["300K", "mixedT"] = "300K"
    test: Literal["300K", "600K", "1200K"] | None = None

    def names(self) -> dict[str, str | None]:
        """The file of each part."""
        test = f"test_{self.test}.xyz" if self.test else None
        return {"train": f"train_{self.train}.xyz", "test": test, "isolated": "iso_atoms.xyz"}
