"""The equations of Lorenz (1963, J. Atmos. Sci. 20, 130): convection in three numbers, the textbook of chaos."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlsci.science.solvers.rk4 import Array, solve

SIGMA, RHO, BETA = 10.0, 28.0, 8.0 / 3.0
LYAPUNOV_TIME = 1.104  # 1 / 0.9056, at the classical parameters
SETTLING = 20.0  # time units after which the start is forgotten and the attractor reached


def rate_of(*, sigma: float = SIGMA, rho: float = RHO, beta: float = BETA) -> Callable[[Array], Array]:
    """d(x, y, z)/dt of a state (3,): σ (y − x), x (ρ − z) − y, x y − β z."""

    def rate(state: Array) -> Array:
        x, y, z = state.tolist()
        return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])

    return rate


def trajectory(*, points: int, step: float, substeps: int, seed: int) -> Array:
    """A piece (points, 3) of the attractor, sampled every `step` time units, from a start drawn by `seed`."""
    start = np.array([1.0, 1.0, 25.0]) + np.random.default_rng(seed).normal(size=3)
    settled = solve(rate_of(), start, step=step, points=round(SETTLING / step) + 1, substeps=substeps)[-1]
    return solve(rate_of(), settled, step=step, points=points, substeps=substeps)
