"""Where an order parameter fluctuates most: the critical temperature of a finite system."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def susceptibility(order: Array, temperatures: Array, *, sites: int) -> Array:
    """sites · var |m| / T of order parameters (K, n) a site at K temperatures in units of J / k_B: (K,)."""
    return sites * np.abs(order).var(axis=1) / temperatures


def peak(x: Array, y: Array) -> float:
    """The place of the maximum of a curve (K,): of the parabola through its highest point and that one's neighbours.

    The highest point itself where it is the first or last one. x grows.
    """
    top = int(np.argmax(y))
    if not 0 < top < len(x) - 1:
        return float(x[top])
    left, right = x[top] - x[top - 1], x[top + 1] - x[top]
    fall_left, fall_right = y[top] - y[top - 1], y[top] - y[top + 1]
    bend = right * fall_left + left * fall_right
    if bend <= 0:
        return float(x[top])
    return float(x[top] + 0.5 * (right**2 * fall_left - left**2 * fall_right) / bend)
