"""Fixed Runge-Kutta steps: order against a closed form, and the Lorenz equations against DOP853."""

import math

import numpy as np
import pytest

from mlsci.errors import ConfigError
from mlsci.science.solvers import ode
from mlsci.science.solvers.lorenz import BETA, RHO, rate_of, trajectory
from mlsci.science.solvers.rk4 import solve


def test_the_error_is_of_order_4():
    errors = []
    for substeps in (2, 4, 8):
        found = solve(lambda y: np.array([y[1], -y[0]]), [1.0, 0.0], step=0.5, points=9, substeps=substeps)
        errors.append(np.abs(found[-1] - [math.cos(4.0), -math.sin(4.0)]).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.15)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.15)


def test_states_stand_at_equal_times_from_the_start_on():
    found = solve(lambda y: np.array([3.0]), [1.0], step=0.5, points=4, substeps=3)
    np.testing.assert_allclose(found, [[1.0], [2.5], [4.0], [5.5]])


def test_the_lorenz_equations_are_those_of_dop853():
    rate, start = rate_of(), np.array([1.0, 2.0, 20.0])
    found = solve(rate, start, step=0.1, points=21, substeps=100)
    exact, _ = ode.solve(lambda t, y: rate(y), start, 0.1 * np.arange(21))
    np.testing.assert_allclose(found, exact, atol=1e-6)


def test_a_fixed_point_stays():
    height = math.sqrt(BETA * (RHO - 1))
    point = np.array([height, height, RHO - 1])
    np.testing.assert_allclose(rate_of()(point), 0.0, atol=1e-12)


def test_a_trajectory_is_on_the_attractor_from_its_first_point_on():
    found = trajectory(points=800, step=0.05, substeps=10, seed=3)
    assert found.shape == (800, 3)
    assert abs(found[:, :2]).max() < 30
    assert 0 < found[:, 2].min() < found[:, 2].max() < 50
    assert found[:, 2].mean() == pytest.approx(23.55, abs=1.0)
    np.testing.assert_array_equal(found[:5], trajectory(points=5, step=0.05, substeps=10, seed=3))


@pytest.mark.parametrize("options", [{"points": 0}, {"substeps": 0}, {"step": -0.1}])
def test_steps_must_be_positive(options):
    with pytest.raises(ConfigError, match=r"rk4: expected points, substeps >= 1 and step > 0"):
        solve(lambda y: y, [1.0], **{"step": 0.1, "points": 3, "substeps": 1, **options})
