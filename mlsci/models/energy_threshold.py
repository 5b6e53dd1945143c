"""The best classifier of the phase of an Ising lattice: its energy against a threshold."""

import numpy as np
from numpy.typing import NDArray

from mlsci.errors import ConfigError
from mlsci.science.ising.observables import site_energy

Array = NDArray[np.float64]


class EnergyThreshold:
    """Disordered (1) where the energy of a lattice is above a threshold, ordered (0) below; for `baselines`.

    Boltzmann's distribution depends on a lattice through its energy alone, and the ratio of likelihoods of a higher to
    a lower temperature grows with it: no classifier is better, but for the choice of the threshold.
    """

    def fit(self, x: Array, y: NDArray[np.int64]) -> "EnergyThreshold":
        """Take the threshold with the fewest errors on lattices x (N, L²) of phases y (N,)."""
        energies = _energies(x)
        order = np.argsort(energies)
        values, phases = energies[order], y[order]
        # Below the i-th threshold lie the first i lattices.
        errors = np.append(0, np.cumsum(phases == 1)) + np.append(np.cumsum((phases == 0)[::-1])[::-1], 0)
        best = np.flatnonzero(errors == errors.min())
        edges = np.concatenate([[-2.5], (values[1:] + values[:-1]) / 2, [2.5]])
        self.threshold = float(edges[best[len(best) // 2]])
        return self

    def predict(self, x: Array) -> NDArray[np.int64]:
        """The phases (N,) of lattices (N, L²)."""
        return (_energies(x) > self.threshold).astype(np.int64)


def _energies(x: Array) -> Array:
    side = round(x.shape[1] ** 0.5)
    if side**2 != x.shape[1]:
        raise ConfigError(f"energy threshold: expected square lattices (N, L²), got {x.shape}")
    return site_energy(x.reshape(-1, side, side))
