"""What is known exactly of the infinite square lattice: Onsager 1944 (energy), Yang 1952 (magnetisation).

L. Onsager, "Crystal statistics. I", Phys. Rev. 65 (1944) 117-149; C. N. Yang, "The spontaneous magnetization of a
two-dimensional Ising model", Phys. Rev. 85 (1952) 808-816. Temperatures are in units of J / k_B, energies of J.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ellipkm1

CRITICAL_TEMPERATURE = float(2 / np.log1p(np.sqrt(2)))  # 2.269185...

Array = NDArray[np.float64]


def energy(temperature: ArrayLike) -> Array:
    """u(T), the energy of a site: -2 for T -> 0, -√2 at the critical temperature, 0 for T -> ∞.

    u = -coth(2K) [1 + (2/π) r K₁], K = 1/T, r = 2 tanh²(2K) - 1, K₁ the complete elliptic integral of the first kind
    of the parameter 1 - r².
    """
    tanh = np.tanh(2 / _positive(temperature))
    r = 2 * tanh**2 - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        singular = np.where(r == 0, 0.0, r * ellipkm1(r**2))  # r log r: nothing is left of it at r = 0
    return -(1 + 2 / np.pi * singular) / tanh


def magnetisation(temperature: ArrayLike) -> Array:
    """m(T), the spontaneous magnetisation of a site: (1 - sinh(2K)⁻⁴)^(1/8) below the critical temperature, then 0."""
    K = 1 / _positive(temperature)
    with np.errstate(over="ignore"):
        return np.maximum(1 - np.sinh(2 * K) ** -4.0, 0.0) ** 0.125


def _positive(temperature: ArrayLike) -> Array:
    found = np.asarray(temperature, dtype=np.float64)
    if not np.all(found > 0):
        raise ValueError(f"temperature: expected positive numbers, got {found.min()}")
    return found
