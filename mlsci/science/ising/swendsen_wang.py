"""The cluster algorithm of Swendsen and Wang, on many lattices at once.

R. H. Swendsen, J.-S. Wang, "Nonuniversal critical dynamics in Monte Carlo simulations", Phys. Rev. Lett. 58 (1987)
86-88.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Spins = NDArray[np.int8]

SITES = 2**20  # of the lattices that are swept together: what fits the cache matters more than the overhead of a call


def sweep(spins: Spins, *, temperatures: ArrayLike, draw: np.random.Generator) -> Spins:
    """The lattices (C, L, L) of ±1 after one sweep, each at its own temperature (C,).

    Equal neighbours are joined with probability 1 - exp(-2/T); every cluster is then up or down with equal chance.
    Of any two sweeps only the clusters are shared, so that a configuration forgets the past within a few sweeps even
    at the critical temperature.
    """
    chance = -np.expm1(-2 / np.asarray(temperatures, dtype=np.float64)).astype(np.float32)[:, None, None]
    site = np.arange(spins.size, dtype=np.int32).reshape(spins.shape)
    joined = np.empty((*spins.shape, 2), dtype=bool)  # with the site to the right, and with the one below
    other = np.empty((*spins.shape, 2), dtype=np.int32)
    for direction, axis in enumerate((2, 1)):
        equal = spins == np.roll(spins, -1, axis)
        joined[..., direction] = equal & (draw.random(spins.shape, dtype=np.float32) < chance)
        other[..., direction] = np.roll(site, -1, axis)
    ends = np.zeros(spins.size + 1, dtype=np.int32)
    np.cumsum(joined.reshape(-1, 2).sum(axis=1), out=ends[1:])
    bonds = csr_array((np.ones(ends[-1], dtype=np.int8), other[joined], ends), shape=(spins.size, spins.size))
    count, cluster = connected_components(bonds, directed=False)
    values = 2 * draw.integers(0, 2, count, dtype=np.int8) - 1
    return values[cluster].reshape(spins.shape)


def configurations(
    temperatures: ArrayLike, *, side: int, samples: int, equilibration: int, interval: int, seed: int | list[int]
) -> Spins:
    """Lattices (C, samples, side, side) of C independent chains at temperatures (C,), in units of J / k_B.

    Each chain starts with all spins up, makes `equilibration` sweeps, and keeps every `interval`-th state of those
    that follow. Raises ValueError for counts below 1, lattices of less than 3 a side, and temperatures that are not
    positive.
    """
    T = np.atleast_1d(np.asarray(temperatures, dtype=np.float64))
    if min(samples, equilibration, interval) < 1 or side < 3 or not np.all(T > 0):
        raise ValueError(
            "Swendsen-Wang: samples, equilibration and interval must be at least 1, side at least 3 and temperatures "
            f"positive, got {samples}, {equilibration}, {interval}, {side} and {T.min():g} at the least"
        )
    draw = np.random.default_rng(seed)
    found = np.empty((len(T), samples, side, side), dtype=np.int8)
    for some in _slices(len(T), most=max(SITES // side**2, 1)):
        spins = np.ones((len(T[some]), side, side), dtype=np.int8)
        for number in range(samples):
            for _ in range(interval if number else equilibration):
                spins = sweep(spins, temperatures=T[some], draw=draw)
            found[some, number] = spins
    return found


def _slices(count: int, *, most: int) -> Iterator[slice]:
    yield from (slice(start, min(start + most, count)) for start in range(0, count, most))
