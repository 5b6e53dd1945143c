"""Energy drift and mean temperature of a trajectory, with their errors."""

from __future__ import annotations

import numpy as np

from mlsci.errors import ConfigError


def drift(times: np.ndarray, energies: np.ndarray, *, atoms: int) -> np.ndarray:
    """Slope of the total energy by least squares, of each replica, (G,), meV an atom and ps.

    Args:
        times: (T,), fs.
        energies: kinetic and potential together, (T, G), eV.
        atoms: of one replica.
    """
    if len(times) < 2 or len(times) != len(energies):
        raise ConfigError(f"drift: expected at least two times and as many energies, got {len(times)}, {len(energies)}")
    centred = times - times.mean()
    slope = centred @ (energies - energies[0]) / (centred @ centred)  # (G,), eV/fs
    return slope * 1e6 / atoms


def mean_with_error(values: np.ndarray, *, blocks: int = 10) -> tuple[float, float]:
    """The mean of values (T, G) and its standard error from means of blocks in time, which are nearly independent.

    The error is NaN where there are fewer than two values in a block.
    """
    length = len(values) // blocks
    if length < 2:
        return float(values.mean()), float("nan")
    means = values[-length * blocks :].reshape(blocks, length, -1).mean(1)  # (blocks, G)
    return float(values.mean()), float(means.std(ddof=1) / np.sqrt(means.size))
