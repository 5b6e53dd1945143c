"""What all sets of labelled structures share: the split, the checks of labels, energies of atoms, the spec."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from mlsci.data.ase_files import Labels, read
from mlsci.data.base import Data
from mlsci.data.parts import Sizes, cut
from mlsci.data.spec import DataSpec
from mlsci.data.structures import Structures
from mlsci.errors import ConfigError, MlsciError
from mlsci.nearest import nearest
from mlsci.science.atoms.isolated import energies_of, fit, is_isolated
from mlsci.science.atoms.labels import findings
from mlsci.science.atoms.repeated import repeated
from mlsci.science.atoms.structure import Structure

UNITS = {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"}


@dataclass(kw_only=True, eq=False)
class Frames(Data):
    """Frames of atoms with energies [eV], forces [eV/Å], stress [eV/Å³] -> a potential.

    A subclass writes `structures()`. Batches are PyG graphs as `mlsci.science.atoms.graph` describes them.

    Args:
        cutoff: of the neighbour lists, Å.
        isolated: energies E0 of isolated atoms. null: frames of one atom among the training frames, or else a fit,
            with a warning; "fit": a least-squares fit; a file of isolated atoms; or {H: -13.6, C: ...} [eV].
        train_size: training frames, a count or a fraction of the file; null: all that is left.
        val_size: validation frames cut from the training file, where there is no file of their own.
        test_size: test frames cut from the training file, where there is no file of their own.
        split_seed: of the cut. Other sizes of training take their frames from the same order.
        check_labels: look for wrong units and signs (`mlsci.science.atoms.labels`).
    """

    batch_size: int = 5
    eval_batch_size: int = 25
    cutoff: float = 5.0
    isolated: str | dict[str, float] | None = None
    train_size: int | float | None = None
    val_size: int | float = 0.1
    test_size: int | float = 0.1
    split_seed: int = 0
    check_labels: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.cutoff > 0:
            raise ConfigError(f"data.cutoff: expected a length above 0 Å, got {self.cutoff}")
        self._sizes = Sizes(train=self.train_size, val=self.val_size, test=self.test_size)
        self._atom_energies: dict[int, float] | None = None

    def structures(self) -> Mapping[str, Sequence[Structure]]:
        """Frames by part: "train"; "val", "test" where they have frames of their own; "isolated" for single atoms."""
        raise NotImplementedError(f"{type(self).__name__} has no structures()")

    def declare(self) -> DataSpec | None:
        """Shapes and units; nothing before the frames are read, as the elements come with them."""
        if self._atom_energies is None:
            return None
        return DataSpec(inputs=(3,), targets=(1,), target_names=("energy",), units=UNITS)

    def datasets(self) -> Mapping[str, Dataset]:
        """The parts in memory, with their neighbours; repeated training frames are left out."""
        given = {name: list(frames) for name, frames in self.structures().items()}
        isolated = given.pop("isolated", [])
        isolated += [one for one in given["train"] if is_isolated(one)]
        given = {name: [one for one in frames if not is_isolated(one)] for name, frames in given.items()}
        given["train"] = _without_repeats(given["train"])
        parts = cut(given, self._sizes, seed=self.split_seed)
        _check_parts(parts)
        self._atom_energies = self._find_energies(isolated, parts["train"])
        if self.check_labels:
            self._judge(parts, calculated=self.isolated != "fit" and bool(isolated or self.isolated))
        return {name: Structures(frames, cutoff=self.cutoff) for name, frames in parts.items()}

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """Elements and their energies E0; shift and scale of the training part; neighbours of an atom."""
        train: Any = datasets["train"]
        energies = dict(sorted((self._atom_energies or {}).items()))
        bound = [
            (one.energy - sum(energies[int(z)] for z in one.numbers)) / len(one)
            for one in train.structures
            if one.energy is not None
        ]
        forces = [one.forces.ravel() for one in train.structures if one.forces is not None]
        size = float(np.sqrt(np.mean(np.concatenate(forces) ** 2))) if forces else float(np.std(bound))
        return {
            "elements": list(energies),
            "species": len(energies),
            "energies": list(energies.values()),
            "shift": float(np.mean(bound)),
            "scale": size or 1.0,
            "neighbours": train.neighbours,
            "cutoff": float(self.cutoff),
        }

    def _find_energies(self, isolated: Sequence[Structure], train: Sequence[Structure]) -> dict[int, float]:
        """E0 [eV] of each element of the training part."""
        elements = sorted({int(z) for one in train for z in np.unique(one.numbers)})
        if isinstance(self.isolated, Mapping):
            known = {_number(symbol): float(energy) for symbol, energy in self.isolated.items()}
        elif self.isolated not in {None, "fit"}:
            path = Path(self.files or ".") / str(self.isolated)
            known = energies_of(read(path, labels=self._isolated_labels(), key="data.isolated"))
        elif self.isolated == "fit" or not isolated:
            if self.isolated is None:
                warnings.warn(NO_ISOLATED, RuntimeWarning, stacklevel=2)
            return fit(train)
        else:
            known = energies_of(isolated)
        lacking = [symbol(z) for z in elements if z not in known]
        if lacking:
            raise ConfigError(
                f"data.isolated: no isolated atom of {', '.join(lacking)}; known: {', '.join(map(symbol, known))}. "
                f"data.isolated=fit fits all of them to the energies of the training part"
            )
        return {z: known[z] for z in elements}

    def _isolated_labels(self) -> Labels:
        return Labels(forces=None)

    def _judge(self, parts: Mapping[str, Sequence[Structure]], *, calculated: bool) -> None:
        """Refuse labels that are certainly wrong, and warn of those that may be."""
        for name, frames in parts.items():
            found = findings(frames, self._atom_energies if calculated else None)
            certain = [finding.message for finding in found if finding.certain]
            if certain:
                raise MlsciError(
                    f"data: {name} part: {'; '.join(certain)}. Convert the labels; if they are meant to be so: "
                    f"data.check_labels=false"
                )
            for finding in found:
                warnings.warn(f"data: {name} part: {finding.message}", RuntimeWarning, stacklevel=2)


NO_ISOLATED = (
    "data.isolated: no isolated atoms were found, so their energies are fitted to those of the training part by least "
    "squares: a molecule that is torn apart will have a wrong energy. Give a file of single atoms, or say "
    "data.isolated=fit"
)


def symbol(number: int) -> str:
    """H for 1."""
    from ase.data import chemical_symbols

    return chemical_symbols[number]


def _number(name: str) -> int:
    from ase.data import atomic_numbers

    if name not in atomic_numbers:
        raise ConfigError(f"data.isolated: no element '{name}'{nearest(name, atomic_numbers)}")
    return atomic_numbers[name]


def _without_repeats(frames: list[Structure]) -> list[Structure]:
    """Frames of the training file, each once."""
    found = repeated(frames)
    if not found:
        return frames
    earlier, later = found[0]
    warnings.warn(
        f"data: {len(found)} of {len(frames)} frames of the training file repeat another one and are left out; "
        f"the first: frame {later} is frame {earlier}, but for a translation",
        RuntimeWarning,
        stacklevel=2,
    )
    left_out = {later for _, later in found}
    return [one for i, one in enumerate(frames) if i not in left_out]


def _check_parts(parts: Mapping[str, Sequence[Structure]]) -> None:
    """Refuse frames that stand in two parts, and elements that the training part does not know."""
    elements = {int(z) for one in parts["train"] for z in one.numbers}
    for name, frames in parts.items():
        unknown = sorted({int(z) for one in frames for z in one.numbers} - elements)
        if unknown:
            raise MlsciError(f"data: the {name} part has {', '.join(map(symbol, unknown))}, the training part has not")
    names = list(parts)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            first, second = parts[one], parts[other]
            both = [(a, b - len(first)) for a, b in repeated([*first, *second]) if a < len(first) <= b]
            if both:
                raise MlsciError(
                    f"data: {len(both)} frames stand in the {one} part and in the {other} part; the first: frame "
                    f"{both[0][1]} of {other} is frame {both[0][0]} of {one}, but for a translation"
                )
