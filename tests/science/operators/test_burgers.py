"""Burgers' map against Cole-Hopf, its order of accuracy, and what it conserves."""

import numpy as np
import pytest

from mlsci.errors import ConfigError
from mlsci.science.operators.burgers import evolved
from mlsci.science.operators.random_fields import on_grid, periodic
from mlsci.science.solvers.cole_hopf import burgers


def start(count: int = 3, *, seed: int = 0) -> np.ndarray:
    return periodic(count, wavenumbers=60, scale=25.0, tau=5.0, alpha=2.0, draw=np.random.default_rng(seed))


def test_it_is_the_solution_of_cole_and_hopf() -> None:
    """-sin(π y) on [-1, 1] until t with ν is sin(2π x) / 2 on [0, 1] with half of the time scale: y = 2 x - 1."""
    nu, time = 0.05, 0.6
    initial = np.zeros((1, 9), dtype=complex)
    initial[0, 1] = -0.25j  # sin(2πx) / 2; lengths are halved, and speeds with them, so that times stay
    found = on_grid(evolved(initial, nu=nu / 4, time=time, modes=256, steps=200), 32)[0]
    x = 2 * np.arange(32) / 32 - 1
    exact, _ = burgers(np.column_stack([x, np.full(32, time)]), nu=nu)
    np.testing.assert_allclose(found, exact[:, 0] / 2, atol=1e-9)


def test_it_is_of_fourth_order_in_the_step_for_smooth_functions() -> None:
    initial = start()[:, :4]
    fine = evolved(initial, nu=0.05, time=0.5, modes=128, steps=320)
    errors = [
        np.linalg.norm(evolved(initial, nu=0.05, time=0.5, modes=128, steps=steps) - fine) for steps in (20, 40, 80)
    ]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(np.abs(orders - 4) < 0.4), orders


def test_the_settings_of_the_data_are_converged_for_functions_of_the_law() -> None:
    initial = start(4)
    found = evolved(initial, nu=0.1, time=1.0, modes=512, steps=200)
    fine = evolved(initial, nu=0.1, time=1.0, modes=512, steps=800)
    assert np.all(np.linalg.norm(found - fine, axis=1) < 1e-5 * np.linalg.norm(fine, axis=1))


def test_many_at_once_are_each_alone_and_momentum_stays() -> None:
    initial = start()
    initial[:, 0] = [0.3, -0.2, 0.0]
    together = evolved(initial, nu=0.1, time=1.0, modes=64, steps=50)
    assert together.shape == (3, 32)
    np.testing.assert_allclose(together[1], evolved(initial[1:2], nu=0.1, time=1.0, modes=64, steps=50)[0], atol=1e-15)
    np.testing.assert_allclose(together[:, 0], initial[:, 0], atol=1e-14)
    with pytest.raises(ConfigError, match="modes must be even"):
        evolved(initial, nu=0.1, time=1.0, modes=63, steps=5)
