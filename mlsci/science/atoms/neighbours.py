"""Pairs of atoms within a cutoff, each pair once, also between periodic images."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from mlsci.errors import ConfigError, MlsciError
from mlsci.nearest import nearest
from mlsci.science.atoms.structure import Structure


class Pairs(NamedTuple):
    """Each pair of atoms once; the vector of a pair is positions[second] + shift @ cell − positions[first]."""

    first: np.ndarray  # (P,) int64
    second: np.ndarray  # (P,) int64
    shift: np.ndarray  # (P, 3) int64, lattice vectors


def pairs(structure: Structure, cutoff: float, backend: str = "vesin") -> Pairs:
    """All pairs of atoms nearer than `cutoff` [Å]; an atom and its own periodic image are a pair too.

    Args:
        structure: the atoms.
        cutoff: Å.
        backend: "vesin" (compiled), or "numpy", which needs nothing and is the slow second opinion.

    Raises:
        ConfigError: a cutoff that is not positive, or another backend.
        MlsciError: positions that are not finite, or no lattice vector along a periodic axis.
    """
    known = {"vesin": _vesin, "numpy": _numpy}
    if backend not in known:
        raise ConfigError(f"backend: expected vesin or numpy, got {backend}{nearest(backend, known)}")
    if not cutoff > 0:
        raise ConfigError(f"cutoff: expected a length above 0 Å, got {cutoff}")
    if not np.isfinite(structure.positions).all():
        raise MlsciError("structure.positions: not finite")
    return known[backend](structure, cutoff)


def complete(cell: np.ndarray, periodic: tuple[bool, bool, bool]) -> np.ndarray:
    """The cell (3, 3) with unit vectors, orthogonal to the others, for lattice vectors that are zero.

    Raises:
        MlsciError: there is no lattice vector along a periodic axis, or the lattice vectors lie in one plane.
    """
    zero = ~cell.any(axis=1)
    if (zero & np.array(periodic)).any():
        raise MlsciError(f"structure.cell: periodic along {periodic}, but there is no lattice vector: {cell.tolist()}")
    found = cell.copy()
    for axis in np.flatnonzero(zero):
        _, _, directions = np.linalg.svd(found)  # the last direction is orthogonal to all rows
        found[axis] = directions[-1]
    if abs(np.linalg.det(found)) < 1e-9 * np.prod(np.linalg.norm(found, axis=1)):
        raise MlsciError(f"structure.cell: the lattice vectors lie in one plane: {cell.tolist()}")
    return found


def _vesin(structure: Structure, cutoff: float) -> Pairs:
    try:
        from vesin import NeighborList
    except ImportError as error:
        raise MlsciError('neighbour lists need vesin: `pip install "mlsci[atoms]"`') from error
    cell = complete(structure.cell, structure.periodic) if any(structure.periodic) else np.zeros((3, 3))
    finder = NeighborList(cutoff=cutoff, full_list=False, n_threads=1)  # one thread: the same order every time
    first, second, shift = finder.compute(structure.positions, cell, list(structure.periodic), "ijS")
    return Pairs(first.astype(np.int64), second.astype(np.int64), shift.astype(np.int64))


def _numpy(structure: Structure, cutoff: float) -> Pairs:
    """Atoms are wrapped into the cell; then all images that can be near are tried."""
    cell = complete(structure.cell, structure.periodic)
    repeats = np.array(structure.periodic)
    wraps = np.where(repeats, np.floor(structure.positions @ np.linalg.inv(cell)), 0).astype(np.int64)  # (N, 3)
    inside = structure.positions - wraps @ cell
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)  # between opposite faces of the cell
    reach = np.where(repeats, np.floor(cutoff / heights).astype(int) + 1, 0)
    found = [np.zeros((0, 5), dtype=np.int64)]
    for image in product(*(range(-n, n + 1) for n in reach)):
        if image < (0, 0, 0):
            continue  # the same pairs seen from the other end
        vectors = inside[None] + np.array(image) @ cell - inside[:, None]  # (N, N, 3)
        near = (vectors**2).sum(2) < cutoff**2
        first, second = np.nonzero(near if any(image) else np.triu(near, 1))
        found.append(np.column_stack([first, second, image - wraps[second] + wraps[first]]))
    table = np.concatenate(found)
    return Pairs(table[:, 0], table[:, 1], table[:, 2:])
