"""`profile`: the energy along a file of structures, a dihedral angle that turns or a reaction that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mlsci.atoms.files import read_frames
from mlsci.atoms.options import ProfileOptions
from mlsci.atoms.potential import check_elements, device_of, open_potential
from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.graph import batch
from mlsci.science.atoms.structure import Structure


@dataclass(frozen=True, eq=False, kw_only=True)
class Profile:
    """Energies along a path.

    Attributes:
        label: of the coordinate, with its unit.
        coordinate: (n,).
        energy: of the potential, (n,), eV.
        reference: of the file, (n,), eV, NaN where it has none.
        force_std: largest of each structure, (n,), eV/Å; None for a single net.
        paths: of the files written.
    """

    label: str
    coordinate: np.ndarray
    energy: np.ndarray
    reference: np.ndarray
    force_std: np.ndarray | None
    paths: list[Path]

    @property
    def barrier(self) -> float:
        """Highest minus lowest energy, meV."""
        return 1000 * float(np.ptp(self.energy))

    @property
    def rmse(self) -> float:
        """Of relative energies against the reference's, each counted from its lowest, meV; NaN without a reference."""
        known = np.isfinite(self.reference)
        if not known.any():
            return float("nan")
        ours, theirs = self.energy[known], self.reference[known]
        return 1000 * float(np.sqrt(np.mean((ours - ours.min() - theirs + theirs.min()) ** 2)))

    def lines(self) -> list[str]:
        """For a terminal."""
        rows = [("figure" if path.suffix == ".png" else "profile", str(path)) for path in self.paths]
        rows += [("structures", f"{len(self.energy)} along {self.label}")]
        rows += [("highest", f"{self.barrier:.1f} meV above the lowest")]
        if self.rmse == self.rmse:
            theirs = 1000 * np.ptp(self.reference[np.isfinite(self.reference)])
            rows += [("reference", f"highest {theirs:.1f} meV above the lowest; RMSE {self.rmse:.1f} meV")]
        if self.force_std is not None:
            rows += [("uncertain", f"by {self.force_std.max():.3g} eV/Å at most")]
        return [f"{name:<12}{text}" for name, text in rows]


def profile(
    source: Any, path: str | Path, options: ProfileOptions | None = None, *, trust: Sequence[str] = ()
) -> Profile:
    """Energies of all frames of a file, beside the energies that the file itself has.

    Args:
        source: path of a checkpoint, or a potential.
        path: of a file that ASE reads.
        options: see `ProfileOptions`.
        trust: packages outside mlsci whose classes the checkpoint may build.

    Raises:
        ConfigError: a coordinate that the frames do not have.
        MlsciError: what cannot be read or written, unknown elements, fewer than two frames.
    """
    options = options or ProfileOptions()
    frames = read_frames(path)
    if len(frames) < 2:
        raise MlsciError(f"{path}: one frame is no path")
    label, coordinate = coordinate_of(frames, options.coordinate)
    potential = open_potential(source, trust=trust, device=options.device, dtype=options.dtype)
    structures = [Structure.from_ase(atoms) for atoms in frames]
    check_elements(potential, structures, name=str(path))
    energies, doubts = [], []
    for start in range(0, len(structures), 25):
        found = potential.properties(
            batch(structures[start : start + 25], float(potential.cutoff)).to(device_of(potential))
        )
        energies.append(found.energy.cpu())
        if found.force_std is not None:
            doubts += [float(part.max()) for part in found.force_std.split([len(s) for s in structures[start:][:25]])]
    theirs = np.array([np.nan if s.energy is None else s.energy for s in structures])
    result = Profile(
        label=label,
        coordinate=coordinate,
        energy=torch.cat(energies).double().numpy(),
        reference=theirs,
        force_std=np.array(doubts) if doubts else None,
        paths=[],
    )
    if options.out or isinstance(source, str | Path):
        _write(result, Path(options.out or Path(source).parent / f"{Path(path).stem}_profile.csv"))
    return result


def coordinate_of(frames: Sequence[Any], wanted: str | None) -> tuple[str, np.ndarray]:
    """Label and values (n,) of the coordinate.

    Two, three or four numbers of atoms, counted from 0 and separated by commas, are a distance, an angle or a dihedral
    angle; another word is what the frames say under that name; nothing is the number of the frame.
    """
    if wanted is None:
        return "number of the frame", np.arange(len(frames), dtype=np.float64)
    parts = wanted.split(",")
    if all(part.strip().isdigit() for part in parts):
        return _internal(frames, [int(part) for part in parts])
    known = sorted({name for atoms in frames for name in atoms.info})
    try:
        return wanted, np.array([float(atoms.info[wanted]) for atoms in frames])
    except KeyError as error:
        has = f"the frames have {', '.join(known)}" if known else "the frames have no such values"
        raise ConfigError(f"coordinate={wanted}: not in every frame; {has}; or 2 to 4 atoms as in 0,4,5,7") from error
    except (TypeError, ValueError) as error:
        raise ConfigError(f"coordinate={wanted}: is no number in every frame") from error


def _internal(frames: Sequence[Any], atoms: list[int]) -> tuple[str, np.ndarray]:
    count = min(len(frame) for frame in frames)
    if len(atoms) not in {2, 3, 4} or len(set(atoms)) < len(atoms) or max(atoms) >= count:
        raise ConfigError(f"coordinate={','.join(map(str, atoms))}: expected 2 to 4 different atoms, 0 to {count - 1}")
    name, unit, method = {
        2: ("distance", "Å", "get_distance"),
        3: ("angle", "degrees", "get_angle"),
        4: ("dihedral angle", "degrees", "get_dihedral"),
    }[len(atoms)]
    mic = bool(frames[0].pbc.any())
    values = np.array([getattr(frame, method)(*atoms, mic=mic) for frame in frames])
    return f"{name} {'-'.join(map(str, atoms))} ({unit})", values


def _write(result: Profile, target: Path) -> None:
    """A table and a figure."""
    from mlsci.plots.profile import profile as draw

    header = f"{result.label},energy (eV),reference (eV)"
    table = np.column_stack([result.coordinate, result.energy, result.reference])
    curves = {"model": 1000 * result.energy}
    if np.isfinite(result.reference).any():
        curves["reference"] = 1000 * result.reference
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        np.savetxt(target, table, delimiter=",", header=header, comments="", fmt="%.9g")
        draw(result.coordinate, curves, label=result.label).savefig(target.with_suffix(".png"), dpi=150)
    except OSError as error:
        raise MlsciError(f"{target}: cannot be written: {error.strerror or error}") from error
    result.paths.extend([target, target.with_suffix(".png")])
