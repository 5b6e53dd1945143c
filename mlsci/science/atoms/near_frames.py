"""Pairs of frames that are close to each other: how their energies differ, and what work leads from one to the other.

Between near frames a and b of the same atoms, to third order in their distance,

    E_b − E_a = −½ Σ (F_a + F_b)·u + ½ (V_a σ_a + V_b σ_b) : ε

with u the displacement of the atoms within a cell that has the strain ε from a to b.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mlsci.science.atoms.neighbours import complete
from mlsci.science.atoms.structure import Structure

Moves = Callable[[int], tuple[np.ndarray, np.ndarray, np.ndarray]]
FARTHEST = 0.5  # Å, root mean square displacement
MOST_STRAIN = 0.1
FRAMES = 150  # looked at, of each kind
KINDS = 8  # looked at: sets of the same atoms


@dataclass(frozen=True)
class NearFrames:
    """One row a pair of frames; everything is the second frame against the first."""

    energy: np.ndarray  # (K,) eV, difference
    force_work: np.ndarray  # (K,) eV
    stress_work: np.ndarray  # (K,) eV; NaN without stress
    displacement: np.ndarray  # (K,) Å, root mean square
    strain: np.ndarray  # (K,) largest component
    expansion: np.ndarray  # (K,) logarithm of the ratio of volumes
    tension: np.ndarray  # (K,) eV/Å³, difference of the mean normal stress; NaN without stress


def near_frames(structures: Sequence[Structure]) -> NearFrames:
    """Each frame with the frame nearest to it, among frames of the same atoms with energy and forces."""
    kinds: dict[tuple, list[Structure]] = defaultdict(list)
    for one in structures:
        if one.energy is not None and one.forces is not None and len(one) > 1:
            kinds[one.numbers.tobytes(), one.periodic].append(one)
    rows: list[tuple[float, ...]] = []
    for frames in sorted(kinds.values(), key=len, reverse=True)[:KINDS]:
        every = -(-len(frames) // FRAMES)
        rows += _rows(frames[::every])
    return NearFrames(*np.array(rows, dtype=np.float64).reshape(-1, 7).T)


def _rows(frames: list[Structure]) -> list[tuple[float, ...]]:
    moves = _crystal_moves(frames) if any(frames[0].periodic) else _molecule_moves(frames)
    rows = []
    for i in range(len(frames) if len(frames) > 1 else 0):
        displaced, rotated_forces, strains = moves(i)  # (n, N, 3), (n, N, 3), (n, 3, 3)
        far = np.sqrt(((displaced - displaced.mean(1, keepdims=True)) ** 2).sum(2).mean(1))
        strain = np.abs(strains).max(axis=(1, 2))
        excluded = (far > FARTHEST) | (strain > MOST_STRAIN) | (far + strain < 1e-6)
        j = int(np.where(excluded, np.inf, far + 2 * strain).argmin())
        if excluded[j]:
            continue
        work = -0.5 * float(((frames[i].forces + rotated_forces[j]) * displaced[j]).sum())
        rows.append(_row(frames[i], frames[j], work=work, far=far[j], strain=strains[j]))
    return rows


def _row(a: Structure, b: Structure, *, work: float, far: float, strain: np.ndarray) -> tuple[float, ...]:
    stress_work = expansion = tension = np.nan
    if a.stress is not None and b.stress is not None and all(a.periodic):
        stress_work = 0.5 * float(((a.volume * a.stress + b.volume * b.stress) * strain).sum())
        expansion = float(np.log(b.volume / a.volume))
        tension = float(np.trace(b.stress - a.stress)) / 3
    return (b.energy - a.energy, work, stress_work, far, np.abs(strain).max(), expansion, tension)  # type: ignore[operator]


def _molecule_moves(frames: list[Structure]) -> Moves:
    """Displacements to every frame after the rotation that brings it nearest (Kabsch 1976)."""
    positions = np.stack([one.positions - one.positions.mean(0) for one in frames])  # (n, N, 3)
    forces = np.stack([np.asarray(one.forces) for one in frames])
    still = np.zeros((len(frames), 3, 3))

    def moves(i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        left, _, right = np.linalg.svd(np.einsum("nai,aj->nij", positions, positions[i]))
        left[:, :, -1] *= np.linalg.det(left @ right)[:, None]  # no reflection
        rotation = left @ right  # (n, 3, 3)
        return positions @ rotation - positions[i], forces @ rotation, still

    return moves


def _crystal_moves(frames: list[Structure]) -> Moves:
    """Displacements inside the mean cell, to the nearest images; only cells that repeat along all axes may differ."""
    cells = np.stack([complete(one.cell, one.periodic) for one in frames])  # (n, 3, 3)
    inside = np.stack([one.positions for one in frames]) @ np.linalg.inv(cells)
    forces = np.stack([np.asarray(one.forces) for one in frames])
    repeats = np.array(frames[0].periodic)

    def moves(i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        steps = inside - inside[i]
        steps -= np.where(repeats, np.round(steps), 0)
        gradient = np.linalg.solve(cells[i][None], cells)  # (n, 3, 3)
        strains = (gradient + gradient.transpose(0, 2, 1)) / 2 - np.eye(3)
        if not repeats.all():
            strains[np.abs(strains).max(axis=(1, 2)) > 1e-6] = np.inf
        return steps @ ((cells + cells[i]) / 2), forces, strains

    return moves
