"""Energies of random states of the 1-d Ising chain (Mehta et al. 2019, Physics Reports 810, section VI.D)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from mlsci.data.spec import DataSpec
from mlsci.data.table import Table
from mlsci.errors import ConfigError

FILE = "ring.csv"


@dataclass(kw_only=True, eq=False)
class IsingChain(Table):
    """E = -J Σ σ_i σ_(i+1) on a ring; inputs are all products σ_i σ_j with i < j, the target is E in units of |J|.

    The energy is that of -Σ J_ij σ_i σ_j with J_ij = J for neighbours and 0 elsewhere: what a fit should find.

    Args:
        spins: on the ring, at least 4.
        states: drawn at random, every spin up or down.
        coupling: J.
        states_seed: of the states, apart from the split.
    """

    spins: int = 40
    states: int = 800
    coupling: float = 1.0
    states_seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.files is not None and (Path(self.files) / FILE).is_file():
            self.spins, self.states = (int(number) for number in (Path(self.files) / FILE).read_text().split(","))
        if self.spins < 4:
            raise ConfigError(f"data.spins: expected at least 4, got {self.spins}")

    def fake(self, folder: Path) -> None:
        """The numbers of spins and states of a quick test, in `ring.csv`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text("8,100\n")

    @property
    def pairs(self) -> np.ndarray:
        """All i < j, (P, 2)."""
        return np.array(list(combinations(range(self.spins), 2)))

    def couplings(self) -> np.ndarray:
        """The exact J_ij of `pairs`, (P,)."""
        apart = self.pairs[:, 1] - self.pairs[:, 0]
        return np.where((apart == 1) | (apart == self.spins - 1), self.coupling, 0.0)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Products (N, P) and energies (N, 1)."""
        draw = np.random.default_rng(self.states_seed)
        spins = 2.0 * draw.integers(2, size=(self.states, self.spins)) - 1
        first, second = self.pairs.T
        products = spins[:, first] * spins[:, second]
        return products, -self.coupling * (spins * np.roll(spins, -1, axis=1)).sum(axis=1, keepdims=True)

    def shapes(self) -> DataSpec:
        """A product a pair in, one energy out."""
        names = tuple(f"{i},{j}" for i, j in self.pairs)
        return DataSpec(inputs=(len(names),), targets=(1,), input_names=names, target_names=("energy",))

    def notes(self) -> Mapping[str, Any]:
        """The weights that a linear fit should find, (1, P): minus the couplings; and how many spins there are."""
        return {"true/weight": -self.couplings()[None], "spins": self.spins}
