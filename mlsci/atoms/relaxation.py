"""`relax`: the nearest minimum of the energy, by ASE's optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.filters import FrechetCellFilter
from ase.io import write
from ase.io.formats import UnknownFileTypeError, filetype, ioformats
from ase.optimize import BFGS, FIRE, LBFGS

from mlsci.atoms.calculator import Calculator
from mlsci.atoms.files import read_frames
from mlsci.atoms.options import RelaxOptions
from mlsci.atoms.potential import check_elements
from mlsci.atoms.progress import Bar
from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.structure import Structure

OPTIMIZERS = {"lbfgs": LBFGS, "fire": FIRE, "bfgs": BFGS}


@dataclass(frozen=True, eq=False, kw_only=True)
class Relaxed:
    """A relaxed structure.

    Attributes:
        atoms: with the calculator attached.
        path: of the file, None where none was asked for.
        steps: of the optimizer.
        change: of the energy, eV.
        largest: force that is left (and stress, of a cell), eV/Å.
        moved: how far the atom that moved most went, Å.
    """

    atoms: Atoms
    path: Path | None
    steps: int
    change: float
    largest: float
    moved: float

    def lines(self) -> list[str]:
        """For a terminal."""
        rows = [("energy", f"{self.atoms.get_potential_energy():.6f} eV, {self.change:+.6f} eV from the start")]
        rows += [("force", f"{self.largest:.2g} eV/Å at most"), ("steps", str(self.steps))]
        rows += [("moved", f"{self.moved:.3f} Å at most")]
        rows = ([("structure", str(self.path))] if self.path else []) + rows
        return [f"{name:<12}{text}" for name, text in rows]


def relax(source: Any, structure: Any, options: RelaxOptions | None = None, *, trust: Sequence[str] = ()) -> Relaxed:
    """Move the atoms (and with `cell=true` the lattice vectors) until no force is larger than `fmax`.

    Args:
        source: path of a checkpoint, or a potential.
        structure: path of a file that ASE reads, or ase.Atoms, which are left as they are.
        options: see `RelaxOptions`; the file is written where `out` or a path of a checkpoint says where.
        trust: packages outside mlsci whose classes the checkpoint may build.

    Raises:
        ConfigError: `cell=true` for a structure that is not periodic in three directions.
        MlsciError: what cannot be read or written, unknown elements, forces that are no numbers; an energy that rose,
            and no minimum within the steps: the structure reached is written all the same.
    """
    options = options or RelaxOptions()
    torch.set_num_threads(options.threads)
    by_path = isinstance(structure, str | Path)
    atoms = read_frames(structure, str(options.frame))[0] if by_path else structure.copy()
    name = str(structure) if by_path else "structure"
    if options.cell and not all(atoms.pbc):
        raise ConfigError(f"cell=true: {name} is not periodic in three directions")
    if options.out is not None:
        _check_format(options.out)
    atoms.calc = Calculator(source, trust=trust, device=options.device, dtype=options.dtype)
    check_elements(atoms.calc.potential, [Structure.from_ase(atoms)], name=name)
    before, start = atoms.get_potential_energy(), atoms.copy()
    steps, largest = _descend(atoms, options)
    start.set_cell(atoms.cell, scale_atoms=True)  # how far atoms moved is counted from where a new cell alone puts them
    moved = atoms.positions - start.positions
    path = _write(atoms, options, source=source, structure=structure)
    found = Relaxed(
        atoms=atoms,
        path=path,
        steps=steps,
        change=atoms.get_potential_energy() - before,
        largest=largest,
        moved=float(np.linalg.norm(moved, axis=1).max()),
    )
    where = f"; the structure reached is in {path}" if path else ""
    if found.change > 1e-6 * len(atoms):
        other = "fire" if options.optimizer != "fire" else "bfgs"
        climbed = f"the energy rose by {found.change:.3g} eV: steps led over a barrier"
        raise MlsciError(f"no relaxation: {climbed}; optimizer={other} may find the minimum near the start{where}")
    if largest > options.fmax:
        left = f"a force of {largest:.3g} eV/Å is left, more than fmax={options.fmax:g}"
        raise MlsciError(f"no minimum after {steps} steps: {left}{where}")
    return found


def _descend(atoms: Atoms, options: RelaxOptions) -> tuple[int, float]:
    """Steps taken, and the largest force that is left."""
    target = FrechetCellFilter(atoms) if options.cell else atoms
    optimizer = OPTIMIZERS[options.optimizer](target, logfile=None)
    largest = _largest(target)
    with Bar("relaxing", options.steps) as bar:
        for _ in optimizer.irun(fmax=options.fmax, steps=options.steps):
            largest = _largest(target)
            if not np.isfinite(largest):
                raise MlsciError(f"step {optimizer.nsteps}: a force that is no number; the structure is far from known")
            if bar.due():
                energy = atoms.get_potential_energy()
                bar.draw(optimizer.nsteps, f"{energy:.6f} eV · largest force {largest:.3g} eV/Å")
    return optimizer.nsteps, largest


def _largest(target: Any) -> float:
    return float(np.linalg.norm(target.get_forces(), axis=1).max())


def _check_format(out: str) -> None:
    """Refuse a file that ASE cannot write before the work is done."""
    try:
        known = ioformats[filetype(out, read=False)].can_write
    except (UnknownFileTypeError, KeyError):
        known = False
    if not known:
        raise ConfigError(f"out={out}: no format that ASE writes; names that end in .extxyz, .cif or .pdb are known")


def _write(atoms: Atoms, options: RelaxOptions, *, source: Any, structure: Any) -> Path | None:
    """`out`, or beside the checkpoint under the name of the structure; nothing where neither is known."""
    if options.out is None and not (isinstance(source, str | Path) and isinstance(structure, str | Path)):
        return None
    path = Path(options.out) if options.out else Path(source).parent / f"{Path(structure).stem}_relaxed.extxyz"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, atoms)
    except OSError as error:
        raise MlsciError(f"{path}: cannot be written: {error.strerror or error}") from error
    except Exception as error:  # a format that ASE does not know, or one that cannot hold the atoms
        raise ConfigError(f"out={path}: ASE cannot write it: {error}") from error
    return path
