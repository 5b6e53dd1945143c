"""Energies of isolated atoms, E0: from frames of one atom, or fitted to the energies of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlsci.errors import MlsciError
from mlsci.science.atoms.structure import Structure

NAMES = {"isolatedatom", "isolated"}  # config_type in files, case and underscores aside
APART = 10.0  # Å between the images of an atom that counts as isolated


def is_isolated(one: Structure) -> bool:
    """Whether a frame is one atom that says so by its config_type, or that has nothing within 10 Å."""
    if len(one) != 1:
        return False
    name = str(one.info.get("config_type", "")).casefold().replace("_", "").replace(" ", "")
    lengths = np.linalg.norm(one.cell, axis=1)[list(one.periodic)]
    return name in NAMES or bool((lengths > APART).all())


def energies_of(isolated: Sequence[Structure]) -> dict[int, float]:
    """E0 [eV] by atomic number.

    Raises:
        MlsciError: a frame of several atoms or without energy, or frames of an element that are 1 meV apart or more.
    """
    found: dict[int, float] = {}
    for one in isolated:
        if len(one) != 1:
            raise MlsciError(f"expected frames of one isolated atom each, got one of {len(one)} atoms")
        number = int(one.numbers[0])
        if one.energy is None or not np.isfinite(one.energy):
            raise MlsciError(f"an isolated atom of atomic number {number} has no energy")
        if abs(found.setdefault(number, one.energy) - one.energy) > 1e-3:
            raise MlsciError(
                f"two energies for the isolated atom of atomic number {number}: {found[number]} and {one.energy} eV"
            )
    return found


def fit(structures: Sequence[Structure]) -> dict[int, float]:
    """E0 [eV] by atomic number so that their sums are nearest to the energies; the smallest where several fit."""
    labelled = [one for one in structures if one.energy is not None]
    elements = np.unique(np.concatenate([one.numbers for one in structures]))
    counts = np.array([[(one.numbers == z).sum() for z in elements] for one in labelled]).reshape(-1, len(elements))
    energies, *_ = np.linalg.lstsq(counts.astype(float), np.array([one.energy for one in labelled], dtype=float))
    return {int(z): float(energy) for z, energy in zip(elements, energies, strict=True)}
