"""Frames that are there twice: the same atoms at the same places, but for a translation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from mlsci.science.atoms.neighbours import complete
from mlsci.science.atoms.structure import Structure

TOLERANCE = 1e-5  # Å


def repeated(structures: Sequence[Structure]) -> list[tuple[int, int]]:
    """Pairs (earlier, later) of frames that are the same within 1e-5 Å; each repeated frame once.

    Rotated copies are not found, nor those with their atoms in another order.
    """
    kinds: dict[tuple, list[int]] = defaultdict(list)
    for i, one in enumerate(structures):
        kinds[one.numbers.tobytes(), one.periodic].append(i)
    found: dict[int, int] = {}
    for members in kinds.values():
        marks = np.array([_mark(structures[i]) for i in members])
        order = marks.argsort(kind="stable")
        for place, first in enumerate(order):
            for second in order[place + 1 :]:
                if marks[second] - marks[first] > 1e-4 * len(structures[members[0]]):
                    break
                earlier, later = sorted((members[first], members[second]))
                if found.get(later, later) > earlier and same(structures[earlier], structures[later]):
                    found[later] = earlier
    return sorted((earlier, later) for later, earlier in found.items())


def same(a: Structure, b: Structure) -> bool:
    """Whether two frames of the same atoms differ by a translation only."""
    if np.abs(a.cell - b.cell).max() > TOLERANCE and any(a.periodic):
        return False
    moved = b.positions - a.positions
    moved = moved - moved[0]
    if any(a.periodic):
        cell = complete(a.cell, a.periodic)
        steps = moved @ np.linalg.inv(cell)
        moved = (steps - np.where(a.periodic, np.round(steps), 0)) @ cell
    return bool(np.abs(moved).max() <= TOLERANCE)


def _mark(one: Structure) -> float:
    """A number that no translation changes; it changes by less than 1e-4 an atom where atoms move by 1e-5 Å."""
    weights = 1 + np.modf(np.arange(1, len(one) + 1) * 0.6180339887)[0]  # no two atoms alike
    if not any(one.periodic):
        return float(weights @ np.linalg.norm(one.positions - one.positions.mean(0), axis=1))
    inside = one.positions @ np.linalg.inv(complete(one.cell, one.periodic))
    waves = weights @ np.exp(2j * np.pi * inside[:, list(one.periodic)])  # one a periodic axis
    return float(np.abs(waves).sum() + np.abs(one.cell).sum() / 9)
