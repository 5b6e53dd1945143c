"""Radial distribution: how often two atoms are r apart."""

from __future__ import annotations

import numpy as np

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.analysis.curve import Curve
from mlsci.science.atoms.neighbours import pairs
from mlsci.science.atoms.structure import Structure


class Radial:
    """Collects the distances of pairs of atoms over many structures.

    Periodic in three directions: g(r) = n(r) / (N ρ 4π r² dr), which is 1 for an ideal gas; for two elements a, b the
    pairs between them over N_a N_b / V. Otherwise (a molecule has no density): the density of distances below
    `r_max`, of area 1, 1/Å.

    Args:
        r_max: the largest distance, Å.
        bins: number of intervals.
        elements: count only pairs of these two atomic numbers.
    """

    def __init__(self, *, r_max: float = 6.0, bins: int = 300, elements: tuple[int, int] | None = None):
        if not r_max > 0 or bins < 2:
            raise ConfigError(f"r_max, bins: expected r_max above 0 Å and at least 2 bins, got {r_max:g} and {bins}")
        self.edges = np.linspace(0, r_max, bins + 1)
        self.elements = elements
        self.frames = 0
        self._sum = np.zeros(bins)
        self._bulk: bool | None = None

    def add(self, structure: Structure) -> None:
        """Count the pairs of one more structure."""
        bulk = all(structure.periodic)
        if self._bulk not in {None, bulk}:
            raise MlsciError("radial distribution: structures with and without a periodic cell do not mix")
        self._bulk = bulk
        found = pairs(structure, float(self.edges[-1]))
        vectors = structure.positions[found.second] - structure.positions[found.first]
        distances = np.linalg.norm(vectors + found.shift @ structure.cell, axis=1)
        first, second = structure.numbers[found.first], structure.numbers[found.second]
        counts, _ = np.histogram(distances[self._wanted(first, second)], self.edges)
        self._sum += counts / self._expected(structure) if bulk else counts
        self.frames += 1

    def _wanted(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        if self.elements is None:
            return np.ones(len(first), dtype=bool)
        a, b = self.elements
        return ((first == a) & (second == b)) | ((first == b) & (second == a))

    def _expected(self, structure: Structure) -> np.ndarray:
        """Pairs, each counted once, of an ideal gas of the same density: (bins,)."""
        a, b = self.elements or (None, None)
        many, others = ((structure.numbers == n).sum() if n is not None else len(structure) for n in (a, b))
        ordered = many * others / structure.volume * 4 / 3 * np.pi * np.diff(self.edges**3)
        return ordered / 2 if a == b else ordered

    def curve(self) -> Curve:
        """The distribution at the middles of the intervals, Å.

        Raises:
            MlsciError: no structure, or no pair within r_max.
        """
        if not self.frames or not self._sum.any():
            raise MlsciError(f"radial distribution: no pairs within {self.edges[-1]:g} Å in {self.frames} structures")
        middles = (self.edges[1:] + self.edges[:-1]) / 2
        return Curve(middles, self._sum / self.frames) if self._bulk else Curve(middles, self._sum).normalised()
