"""Onsager's energy and Yang's magnetisation against integrals, limits and their own derivatives."""

import numpy as np
import pytest
from scipy.integrate import dblquad

from mlsci.science.ising.onsager import CRITICAL_TEMPERATURE, energy, magnetisation


def test_the_critical_temperature_is_self_dual() -> None:
    assert abs(CRITICAL_TEMPERATURE - 2.269185314213022) < 1e-14
    assert np.sinh(2 / CRITICAL_TEMPERATURE) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 2.6, 5.0])
def test_the_energy_is_the_derivative_of_the_free_energy(temperature: float) -> None:
    """ln Z / N = ln 2 + ∫∫ ln(cosh² 2K - sinh 2K (cos a + cos b)) / (2 (2π)²), and u = -d(ln Z / N) / dK."""

    def log_partition(K: float) -> float:
        cosh, sinh = np.cosh(2 * K) ** 2, np.sinh(2 * K)
        value, _ = dblquad(
            lambda a, b: np.log(cosh - sinh * (np.cos(a) + np.cos(b))), 0, np.pi, 0, np.pi, epsabs=1e-10, epsrel=1e-10
        )
        return np.log(2) + value / (2 * np.pi**2)

    K, h = 1 / temperature, 1e-4
    derivative = (log_partition(K + h) - log_partition(K - h)) / (2 * h)
    assert energy(temperature) == pytest.approx(-derivative, abs=1e-6)


def test_the_limits() -> None:
    np.testing.assert_allclose(energy([0.01, CRITICAL_TEMPERATURE, 1e6]), [-2, -np.sqrt(2), 0], atol=1e-5)
    around = CRITICAL_TEMPERATURE * (1 + np.array([-1e-9, 1e-9]))
    np.testing.assert_allclose(energy(around), -np.sqrt(2), atol=1e-7)
    np.testing.assert_allclose(magnetisation([0.001, 2.0, 2.27, 10.0]), [1, 0.911319, 0, 0], atol=1e-6)


def test_a_temperature_is_positive() -> None:
    with pytest.raises(ValueError, match="expected positive numbers, got 0"):
        energy([1.0, 0.0])
