"""Dihedral angles, and the free energy along one."""

from __future__ import annotations

import numpy as np

from mlsci.errors import ConfigError
from mlsci.science.dynamics.units import BOLTZMANN


def dihedral(positions: np.ndarray) -> np.ndarray:
    """The angle of the bonds 0-1 and 2-3 seen along 1-2, degrees from −180 to 180, clockwise positive (IUPAC).

    Args:
        positions: of four atoms, (..., 4, 3).
    """
    if positions.shape[-2:] != (4, 3):
        raise ConfigError(f"dihedral: expected positions (..., 4, 3), got {positions.shape}")
    first, axis, last = (positions[..., i + 1, :] - positions[..., i, :] for i in range(3))
    before, behind = np.cross(first, axis), np.cross(axis, last)
    sine = (np.cross(before, behind) * axis).sum(-1) / np.linalg.norm(axis, axis=-1)
    return np.degrees(np.arctan2(sine, (before * behind).sum(-1)))


def free_energy(angles: np.ndarray, temperature: float, *, bins: int = 36) -> tuple[np.ndarray, np.ndarray]:
    """−k_B T ln p of sampled angles [degrees], lowest value 0: middles (bins,) and meV (bins,), NaN where unseen."""
    counts, edges = np.histogram(np.asarray(angles).ravel(), bins, range=(-180, 180))
    if not counts.any() or not temperature > 0:
        raise ConfigError(f"free energy: expected angles and a temperature above 0 K, got {temperature:g} K")
    with np.errstate(divide="ignore"):
        energy = -1000 * BOLTZMANN * temperature * np.log(counts / counts.max())
    return (edges[1:] + edges[:-1]) / 2, np.where(counts > 0, energy, np.nan)
