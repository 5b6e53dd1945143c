"""Structures from any file that ASE reads, to begin a simulation or a relaxation with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlsci.errors import MlsciError
from mlsci.science.atoms.structure import Structure


@dataclass(frozen=True, eq=False)
class Start:
    """Atoms, their masses (N,) in u, and their velocities (N, 3) in Å/fs where the file has them."""

    structure: Structure
    masses: np.ndarray
    velocities: np.ndarray | None


def read_start(path: str | Path, *, frame: int = -1) -> Start:
    """One frame of a file.

    Raises:
        MlsciError: no such file or frame, or a file that ASE cannot read.
    """
    return start_of(read_frames(path, str(frame))[0])


def start_of(atoms: Any) -> Start:
    """What a simulation needs of ase.Atoms."""
    from ase import units

    velocities = atoms.arrays.get("velocities")  # as our trajectories have them, Å/fs
    if velocities is None and atoms.has("momenta"):
        velocities = atoms.get_velocities() * units.fs
    return Start(Structure.from_ase(atoms), atoms.get_masses(), velocities)


def read_frames(path: str | Path, index: str = ":") -> list[Any]:
    """Frames of a file as ase.Atoms; `index` in ASE's notation."""
    from ase.io import read

    path = Path(path)
    if not path.is_file():
        raise MlsciError(f"{path}: no such file")
    try:
        found = read(path, index=index)
    except (IndexError, StopIteration) as error:
        raise MlsciError(f"{path}: no frame {index}") from error
    except Exception as error:  # each format of ASE has errors of its own
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MlsciError(f"{path}: ASE cannot read it: {message[:200]}") from error
    frames = found if isinstance(found, list) else [found]
    if not frames:
        raise MlsciError(f"{path}: no frame {index}")
    return frames
