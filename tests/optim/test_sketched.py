"""Steps by sketched conjugate gradients: those of the factorisation, to the tolerance."""

import math

import pytest
import torch
from torch import nn

from mlsci.optim.levenberg_marquardt import LevenbergMarquardt
from mlsci.optim.normal_equations import Dual, Primal
from mlsci.optim.sketched import Sketched, damped


def linear(rows, columns, *, decades=8.0, seed=0):
    """Residuals and a Jacobian whose singular values fall evenly over so many decades."""
    generator = torch.Generator().manual_seed(seed)
    random = lambda *size: torch.randn(*size, generator=generator, dtype=torch.float64)  # noqa: E731
    rank = min(rows, columns)
    U, V = (torch.linalg.qr(random(n, rank)).Q for n in (rows, columns))
    jacobian = (U * torch.logspace(1, 1 - decades, rank, dtype=torch.float64)) @ V.T
    return random(rows), jacobian, random(columns).exp()


def energy(system, step, *, damping):
    """√(δᵀ(JᵀJ + μD)δ)."""
    scale = 1.0 if system.scale is None else system.scale
    return float((system.along(step).square().sum() + damping * (scale * step.square()).sum()).sqrt())


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("size", [(300, 200), (150, 260)])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-4])
def test_a_step_is_that_of_the_factorisation_to_the_tolerance(size, scaled, tolerance):
    rows, jacobian, scale = linear(*size)
    scale = scale if scaled else None
    exact = Primal(rows, jacobian, scale=scale)
    sketched = Sketched(rows, jacobian, scale=scale, rank=50, tolerance=tolerance, iterations=500)
    others = rows.flip(0)
    for damping in (1.0, 1e-2, 1e-5):
        for wanted, step, bound in (
            (exact.solve(damping), sketched.solve(damping), tolerance),
            (exact.solve_again(others), sketched.solve_again(others), tolerance**0.5),
        ):
            error = energy(exact, step - wanted, damping=damping) / energy(exact, wanted, damping=damping)
            assert error < 3 * bound
        step = sketched.solve(damping)
        assert exact.predicted(step) == pytest.approx(exact.predicted(exact.solve(damping)), rel=9 * tolerance**2)
        assert sketched.predicted(step) == exact.predicted(step)


def test_the_preconditioner_saves_iterations():
    rows, jacobian, _ = linear(300, 200)
    exact = Primal(rows, jacobian).solve(1e-6)
    errors = []
    for rank in (1, 100):
        system = Sketched(rows, jacobian, rank=rank, tolerance=1e-8, iterations=20)
        errors.append(energy(system, system.solve(1e-6) - exact, damping=1e-6))
    assert errors[1] < 1e-3 * errors[0]


def test_what_iterations_were_enough_for_is_taken_and_leads_downhill():
    rows, jacobian, _ = linear(300, 200, decades=10.0)
    short, long = (Sketched(rows, jacobian, rank=5, tolerance=1e-8, iterations=n) for n in (2, 40))
    falls = [system.predicted(system.solve(1e-9)) for system in (short, long)]
    assert 0 < falls[0] < falls[1]


def test_random_directions_are_private_and_the_same_every_time():
    rows, jacobian, _ = linear(60, 40)
    before = torch.random.get_rng_state()
    first, second = (Sketched(rows, jacobian, rank=10).solve(1e-3) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), before)
    other = Sketched(rows, jacobian, rank=10, seed=1)
    assert not torch.equal(other.basis, Sketched(rows, jacobian, rank=10).basis)


@pytest.mark.parametrize("jacobian", [torch.zeros(6, 4), torch.full((6, 4), math.nan), torch.eye(6, 4)])
def test_without_a_direction_of_descent_there_is_no_step(jacobian):
    rows = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0, 1.0], dtype=torch.float64)  # at right angles to the last Jacobian
    assert Sketched(rows, jacobian.double()).solve(1e-3) is None


def test_single_precision_will_do():
    rows, jacobian, _ = linear(80, 50, decades=2.0)
    step = Sketched(rows.float(), jacobian.float(), rank=20, tolerance=1e-3).solve(1e-2)
    assert step.dtype == torch.float32
    torch.testing.assert_close(step.double(), Primal(rows, jacobian).solve(1e-2), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(("size", "dense", "kind"), [((7, 9), 6, Sketched), ((7, 9), 7, Dual), ((9, 7), 7, Primal)])
def test_the_smaller_side_decides(size, dense, kind):
    rows, jacobian, _ = linear(*size)
    system = damped(rows, jacobian, dense=dense, rank=3, tolerance=1e-5)
    assert type(system) is kind
    if kind is Sketched:
        assert (system.basis.shape, system.tolerance) == ((9, 3), 1e-5)


def rosenbrock(x):
    return torch.cat([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def separable(x):
    k = torch.logspace(-3, 3, len(x), dtype=torch.float64)
    return torch.cat([(2 * k).sqrt() * torch.sin(x / 2), (0.1 * k).sqrt() * x**2])


def regression(x):
    W1, b1, W2, b2, W3 = x.split([8, 8, 64, 8, 8])
    t = torch.linspace(-1, 1, 40, dtype=torch.float64)[:, None]
    h = torch.tanh(torch.tanh(t * W1 + b1) @ W2.view(8, 8).T / 3 + b2)
    return (h @ W3 / 3 - (torch.sin(6 * t) + t.abs())[:, 0]) / 40**0.5


def least_squares(x):
    _, matrix, _ = linear(30, 20, decades=6.0)
    return matrix @ (x - torch.arange(20, dtype=torch.float64))


STARTS = {
    rosenbrock: torch.tensor([-1.2, 1.0] * 5, dtype=torch.float64),
    separable: torch.ones(20, dtype=torch.float64),
    regression: torch.randn(96, generator=torch.Generator().manual_seed(0), dtype=torch.float64),
    least_squares: torch.zeros(20, dtype=torch.float64),
}
BOUNDS = {regression: 1e-4}


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("function", STARTS)
def test_levenberg_marquardt_converges_as_with_a_factorisation(function, scaled):
    found = []
    for dense in (5000, 1):
        x = nn.Parameter(STARTS[function].clone())
        optimizer = LevenbergMarquardt([x], dense=dense, scaled=scaled)
        for _ in range(60):
            optimizer.step(lambda x=x: function(x))
        found.append(float(function(x.detach()).square().sum()))
    assert found[0] < BOUNDS.get(function, 1e-12)
    assert found[1] < BOUNDS.get(function, 1e-12)
