"""Darcy's solver against a solution in closed form, a sparse direct solver, and the maximum principle."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from mlsci.errors import MlsciError
from mlsci.science.operators.darcy import solved, two_phase
from mlsci.science.operators.random_fields import cosine
from mlsci.science.solvers import darcy as closed_form


def test_it_is_of_second_order_for_smooth_media() -> None:
    errors = []
    for points in (17, 33, 65, 129):
        x, y = np.meshgrid(np.linspace(0, 1, points), np.linspace(0, 1, points), indexing="ij")
        found = solved(closed_form.permeability(x, y)[None], source=closed_form.source(x, y))[0]
        errors.append(np.abs(found - closed_form.solution(x, y)).max())
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(np.abs(orders - 2) < 0.1), orders
    assert errors[-1] < 2e-4


def direct(a: np.ndarray) -> np.ndarray:
    """The same balance of fluxes, cell by cell, solved directly."""
    n = len(a)
    number = -np.ones((n, n), dtype=int)
    number[1:-1, 1:-1] = np.arange((n - 2) ** 2).reshape(n - 2, n - 2)
    rows, columns, values = [], [], []
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            for k, m in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                face = 2 / (1 / a[i, j] + 1 / a[k, m])
                rows.append(number[i, j]), columns.append(number[i, j]), values.append(face)
                if number[k, m] >= 0:
                    rows.append(number[i, j]), columns.append(number[k, m]), values.append(-face)
    u = np.zeros((n, n))
    matrix = coo_array((values, (rows, columns))).tocsc()
    u[1:-1, 1:-1] = spsolve(matrix, np.full((n - 2) ** 2, 1 / (n - 1) ** 2)).reshape(n - 2, n - 2)
    return u


def test_it_agrees_with_a_direct_solver_for_two_phases() -> None:
    a = two_phase(cosine(3, points=21, wavenumbers=16, tau=3.0, alpha=2.0, draw=np.random.default_rng(0)))
    assert set(np.unique(a)) == {3.0, 12.0}
    found = solved(a)
    for one, u in zip(a, found, strict=True):
        np.testing.assert_allclose(u, direct(one), atol=1e-9 * u.max())
    assert np.all(found[:, 1:-1, 1:-1] > 0)
    assert found[:, [0, -1]].max() == found[:, :, [0, -1]].max() == 0


def test_a_uniform_medium_has_poissons_solution() -> None:
    """The largest value of -Δu = 1 on the unit square is 0.0736713532814..."""
    found = solved(np.full((1, 129, 129), 3.0))
    assert 3 * found.max() == pytest.approx(0.07367135, rel=1e-4)


@pytest.mark.parametrize(
    ("a", "message"),
    [(np.ones((5, 5)), r"expected permeabilities \(B, N, N\)"), (np.zeros((1, 5, 5)), "expected positive")],
)
def test_nonsense_is_refused(a: np.ndarray, message: str) -> None:
    with pytest.raises(MlsciError, match=message):
        solved(a)
