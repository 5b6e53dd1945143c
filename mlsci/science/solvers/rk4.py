"""The classical Runge-Kutta method of order 4 with a fixed step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mlsci.errors import ConfigError

Array = NDArray[np.float64]


def solve(
    rate: Callable[[Array], Array], start: Sequence[float] | Array, *, step: float, points: int, substeps: int
) -> Array:
    """The states (points, ...) of y' = rate(y) at 0, step, 2 step, ..., from `start` (...).

    Every interval is `substeps` Runge-Kutta steps long: an error of order 4 in step / substeps. Raises ConfigError for
    counts below 1 and a step that is not positive.
    """
    if points < 1 or substeps < 1 or step <= 0:
        raise ConfigError(f"rk4: expected points, substeps >= 1 and step > 0, got {points}, {substeps} and {step}")
    state = np.asarray(start, dtype=np.float64)
    found = np.empty((points, *state.shape))
    found[0] = state
    h = step / substeps
    for point in range(1, points):
        for _ in range(substeps):
            first = rate(state)
            second = rate(state + 0.5 * h * first)
            third = rate(state + 0.5 * h * second)
            fourth = rate(state + h * third)
            state = state + h / 6 * (first + 2 * second + 2 * third + fourth)
        found[point] = state
    return found
