"""Labelled structures from any file that ASE reads, with labels under the names that the file gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlsci.errors import ConfigError, MlsciError
from mlsci.nearest import nearest
from mlsci.science.atoms.isolated import is_isolated
from mlsci.science.atoms.structure import Structure, full

if TYPE_CHECKING:
    from ase import Atoms

PLACES = {"numbers", "positions"}


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The names of labels in a file; None where there is no such label.

    Args:
        energy: of the whole frame, eV.
        forces: (N, 3), eV/Å.
        stress: six numbers in the order xx yy zz yz xz xy, or nine, eV/Å³, positive when stretched.
        virial: the same shapes, eV: −V times the stress, positive when compressed.
        partial: keep frames that lack a label which other frames have.
    """

    energy: str = "energy"
    forces: str | None = "forces"
    stress: str | None = None
    virial: str | None = None
    partial: bool = False

    @property
    def keys(self) -> dict[str, str]:
        """What is looked for: kind of label, name in the file."""
        every = {"energy": self.energy, "forces": self.forces, "stress": self.stress, "virial": self.virial}
        return {kind: name for kind, name in every.items() if name is not None}


def read(path: Path, *, labels: Labels, key: str = "data.path") -> list[Structure]:
    """All frames of a file.

    Args:
        path: extxyz, or anything else that `ase.io.read` knows by its name or content.
        labels: what they are called there.
        key: the config key that named the file, for messages.

    Raises:
        ConfigError: no such file, or a label that its frames do not have: says which they have.
        MlsciError: a file that ASE cannot read, or a label that is no number or of another shape.
    """
    frames = _frames(path, key)
    found = [_known(atoms) for atoms in frames]
    _check_keys(frames, found, labels=labels, path=path)
    return [
        _structure(atoms, values, labels, f"{path}: frame {i}")
        for i, (atoms, values) in enumerate(zip(frames, found, strict=True))
    ]


def _frames(path: Path, key: str) -> list[Atoms]:
    try:
        from ase import io
    except ImportError as error:
        raise MlsciError('files of structures need ASE: `pip install "mlsci[atoms]"`') from error
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        raise ConfigError(f"{key}: no such file: {path}{nearest(path.name, beside)}")
    try:
        frames = io.read(path, index=":")
    except Exception as error:
        raise MlsciError(f"{key}: ASE cannot read {path}: {type(error).__name__}: {error}") from error
    if not frames:
        raise MlsciError(f"{key}: {path} has no frames")
    return frames  # type: ignore[return-value]


def _known(atoms: Atoms) -> dict[str, Any]:
    """Everything that a frame says, by name; computed results come last, and win."""
    results = {} if atoms.calc is None else {k: v for k, v in atoms.calc.results.items() if v is not None}
    return {**atoms.arrays, **atoms.info, **results}


def _check_keys(frames: Sequence[Atoms], found: Sequence[Mapping[str, Any]], *, labels: Labels, path: Path) -> None:
    alone = [is_isolated(Structure.from_ase(atoms)) for atoms in frames]
    for kind, name in labels.keys.items():
        wanting = [i for i, values in enumerate(found) if name not in values and (kind == "energy" or not alone[i])]
        if not wanting:
            continue
        known = sorted({word for values in found for word in values} - PLACES)
        if len(wanting) == sum(kind == "energy" or not lonely for lonely in alone):
            without = "" if kind == "energy" else f"; if there is none: data.{kind}_key=null"
            raise ConfigError(
                f"data.{kind}_key: no frame of {path} has '{name}'{nearest(name, known)}"
                f"; known: {', '.join(known) or 'nothing'}{without}"
            )
        if not labels.partial and kind in {"energy", "forces"}:
            raise ConfigError(
                f"data.{kind}_key: {len(wanting)} of {len(frames)} frames of {path} have no '{name}', the first is "
                f"frame {wanting[0]}; data.partial=true keeps them, without a share in the loss of what they lack"
            )


def _structure(atoms: Atoms, values: Mapping[str, Any], labels: Labels, where: str) -> Structure:
    got = {kind: _numbers(values[name], name, where) for kind, name in labels.keys.items() if name in values}
    if "energy" in got and got["energy"].size != 1:
        raise MlsciError(f"{where}: '{labels.energy}' has shape {got['energy'].shape}, expected one number")
    if "forces" in got and got["forces"].shape != (len(atoms), 3):
        raise MlsciError(f"{where}: '{labels.forces}' has shape {got['forces'].shape}, expected {(len(atoms), 3)}")
    if "forces" not in got and len(atoms) == 1 and labels.forces is not None:
        got["forces"] = np.zeros((1, 3))  # an isolated atom
    stress = full(got["stress"]) if "stress" in got else None
    if "virial" in got:
        if not atoms.cell.volume:
            raise MlsciError(f"{where}: a virial without a cell")
        stress = -full(got["virial"]) / atoms.cell.volume
    return Structure(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=np.array(atoms.cell),
        periodic=tuple(atoms.pbc),
        energy=float(got["energy"].item()) if "energy" in got else None,
        forces=got.get("forces"),
        stress=stress,
        info=dict(atoms.info),
    )


def _numbers(value: Any, name: str, where: str) -> np.ndarray:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MlsciError(f"{where}: '{name}' is no number: {value!r:.60}") from error
    if not np.isfinite(found).all():
        raise MlsciError(f"{where}: '{name}' is not finite")
    return found
