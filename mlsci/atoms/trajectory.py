"""Trajectories written frame by frame: what a stopped simulation had reached is on disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.elements import symbols
from mlsci.science.atoms.structure import Structure


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """All replicas at one moment; A = G · N atoms one after the other."""

    step: int
    time: float  # fs
    positions: np.ndarray  # (A, 3), Å
    velocities: np.ndarray  # (A, 3), Å/fs
    forces: np.ndarray  # (A, 3), eV/Å
    energy: np.ndarray  # (G,), eV
    temperature: np.ndarray  # (G,), K
    force_std: np.ndarray | None = None  # (A,), eV/Å


class Writer(Protocol):
    """Takes frames; `paths` are the files that hold them after `close`."""

    paths: list[Path]

    def write(self, frame: Frame) -> None:
        """Bring a frame to disk."""

    def close(self) -> None:
        """Complete the files."""


def writer(path: Path, structures: Sequence[Structure]) -> Writer:
    """A writer by the suffix of `path`: .extxyz or .xyz (a file a replica), or .npz (all replicas in one).

    Raises:
        MlsciError: the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Npz(path, structures) if path.suffix == ".npz" else Extxyz(path, structures)
    except OSError as error:
        raise MlsciError(f"{path}: cannot be written: {error.strerror or error}") from error


class Extxyz:
    """Extended xyz as ASE reads it; several replicas go to NAME_0.extxyz, NAME_1.extxyz, ..."""

    def __init__(self, path: Path, structures: Sequence[Structure]):
        names = [path] if len(structures) == 1 else [path.with_stem(f"{path.stem}_{k}") for k in range(len(structures))]
        self.paths = names
        self._symbols = [symbols(structure.numbers) for structure in structures]
        self._heads = [_head(structure) for structure in structures]
        self._ends = np.cumsum([len(structure) for structure in structures]).tolist()
        self._files: list[IO[str]] = [name.open("w") for name in names]

    def write(self, frame: Frame) -> None:
        """Append to each file, and let the operating system have it."""
        columns = [frame.positions, frame.forces, frame.velocities]
        properties = "species:S:1:pos:R:3:forces:R:3:velocities:R:3"
        if frame.force_std is not None:
            columns.append(frame.force_std[:, None])
            properties += ":force_std:R:1"
        table = np.concatenate(columns, axis=1)
        for k, (file, end) in enumerate(zip(self._files, self._ends, strict=True)):
            symbols = self._symbols[k]
            rows = table[end - len(symbols) : end]
            values = f"step={frame.step} time={frame.time:.10g} energy={frame.energy[k]:.10f}"
            lines = [f"{len(symbols)}\n{self._heads[k]} Properties={properties} {values}"]
            lines[0] += f" temperature={frame.temperature[k]:.6g}"
            lines += [f"{name} " + " ".join(f"{x:.10g}" for x in row) for name, row in zip(symbols, rows, strict=True)]
            file.write("\n".join(lines) + "\n")
            file.flush()

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


def _head(structure: Structure) -> str:
    flags = " ".join("T" if axis else "F" for axis in structure.periodic)
    lattice = " ".join(f"{x:.10g}" for x in structure.cell.ravel())
    return (f'Lattice="{lattice}" ' if structure.cell.any() else "") + f'pbc="{flags}"'


class Npz:
    """Arrays of all frames, replicas side by side: positions, forces, velocities (T, G, N, 3), energy (T, G), ...

    While the simulation runs they grow as .npy files in NAME.npz.parts, which `numpy.load` reads at any moment; at the
    end they become the one file.
    """

    def __init__(self, path: Path, structures: Sequence[Structure]):
        sizes = {len(structure) for structure in structures}
        if len(sizes) > 1:
            raise ConfigError(f"out={path}: replicas of {len(sizes)} sizes do not go into one array; write .extxyz")
        self.paths = [path]
        self._shape = (len(structures), sizes.pop())
        first = structures[0]
        self._fixed = {"numbers": first.numbers, "cell": first.cell, "periodic": np.array(first.periodic)}
        self._folder = path.with_name(f"{path.name}.parts")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        self._arrays: dict[str, Growing] = {}

    def write(self, frame: Frame) -> None:
        """Append one entry to every array."""
        names = ("positions", "velocities", "forces")
        vectors = {name: getattr(frame, name).reshape(*self._shape, 3) for name in names}
        values: dict[str, Any] = {"step": frame.step, "time": frame.time, **vectors}
        values |= {"energy": frame.energy, "temperature": frame.temperature}
        if frame.force_std is not None:
            values["force_std"] = frame.force_std.reshape(self._shape)
        for name, value in values.items():
            if name not in self._arrays:
                self._arrays[name] = Growing(self._folder / f"{name}.npy", np.asarray(value))
            self._arrays[name].append(np.asarray(value))

    def close(self) -> None:
        """Put the arrays together; the parts go once the file is whole."""
        for array in self._arrays.values():
            array.close()
        arrays: dict[str, Any] = dict(self._fixed)
        arrays |= {name: np.load(self._folder / f"{name}.npy", mmap_mode="r") for name in self._arrays}
        np.savez(self._folder / "whole.npz", **arrays)
        os.replace(self._folder / "whole.npz", self.paths[0])
        shutil.rmtree(self._folder)


class Growing:
    """A .npy file that entries are appended to; it is valid after every one."""

    HEADER = 128  # bytes: magic string, length and description, padded

    def __init__(self, path: Path, entry: np.ndarray):
        self.shape, self.dtype, self.count = entry.shape, entry.dtype, 0
        self._file = path.open("wb")
        self._head()

    def _head(self) -> None:
        text = repr({"descr": self.dtype.str, "fortran_order": False, "shape": (self.count, *self.shape)})
        self._file.seek(0)
        self._file.write(b"\x93NUMPY\x01\x00" + (self.HEADER - 10).to_bytes(2, "little"))
        self._file.write(text.encode().ljust(self.HEADER - 11) + b"\n")

    def append(self, entry: np.ndarray) -> None:
        """One entry more, of the shape of the first."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(np.ascontiguousarray(entry, dtype=self.dtype).tobytes())
        self.count += 1
        self._head()
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
