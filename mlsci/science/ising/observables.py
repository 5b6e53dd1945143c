"""What is measured on lattices of spins: energy, magnetisation, Binder's cumulant and where two sizes cross.

K. Binder, "Finite size scaling analysis of Ising model block distribution functions", Z. Phys. B 43 (1981) 119-140.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def site_energy(spins: NDArray[np.int8]) -> Array:
    """-Σ s_i s_j / L² over the bonds of lattices (..., L, L), each between -2 and 2, in units of J."""
    bonds = spins * np.roll(spins, -1, -1) + spins * np.roll(spins, -1, -2)  # each from -2 to 2
    return -bonds.mean(axis=(-2, -1), dtype=np.float64)


def site_magnetisation(spins: NDArray[np.int8]) -> Array:
    """Σ s_i / L² of lattices (..., L, L), between -1 and 1."""
    return spins.mean(axis=(-2, -1), dtype=np.float64)


def binder_cumulant(magnetisations: Array) -> Array:
    """1 - <m⁴> / (3 <m²>²) over the last axis: 2/3 in an ordered phase, 0 in a disordered one.

    At the critical temperature it is the same for all sizes, so that there the curves of two sizes cross.
    """
    return 1 - (magnetisations**4).mean(axis=-1) / (3 * (magnetisations**2).mean(axis=-1) ** 2)


def crossing(x: Array, first: Array, second: Array) -> float:
    """Where two curves (K,) at x (K,) cross: the zero of a straight line fitted to their difference.

    Raises ValueError where the line does not cross zero between the ends of x.
    """
    slope, offset = np.polyfit(x - x.mean(), second - first, 1)
    where = float(x.mean() - offset / slope) if slope else np.inf
    if not x.min() <= where <= x.max():
        raise ValueError(f"the curves do not cross between {x.min():g} and {x.max():g}")
    return where
