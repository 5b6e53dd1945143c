"""Levenberg-Marquardt: least squares with known answers, and what it does where a step fails."""

from copy import deepcopy
from itertools import pairwise

import pytest
import torch

from mlsci.optim.cholesky import normal
from mlsci.optim.levenberg_marquardt import PATIENCE, LevenbergMarquardt
from mlsci.optim.normal_equations import Dual, Primal
from mlsci.optim.sketched import damped

# Misra1a of the NIST reference data sets for nonlinear regression: y = b1 (1 - exp(-b2 x)).
MISRA_X = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]
MISRA_Y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
MISRA = (2.3894212918e02, 5.5015643181e-04)
MISRA_SQUARES = 1.2455138894e-01


def unknown(*values):
    """Scalars to fit."""
    return [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]


def run(parameters, rows, steps, **settings):
    """The optimizer after so many steps, and the losses before each."""
    optimizer = LevenbergMarquardt(parameters, **settings)
    return optimizer, [float(optimizer.step(rows)) for _ in range(steps)]


def values(parameters):
    return torch.stack([p.detach().clone() for p in parameters])


@pytest.mark.parametrize("geodesic", [True, False])
def test_rosenbrock(geodesic):
    x, y = unknown(-1.2, 1.0)
    _, losses = run([x, y], lambda: torch.stack([10 * (y - x * x), 1 - x]), 40, geodesic=geodesic)
    assert losses[0] == pytest.approx(24.2)
    assert all(after <= before for before, after in pairwise(losses))
    assert losses[-1] < 1e-20
    assert values([x, y]).tolist() == pytest.approx([1.0, 1.0], abs=1e-9)


def test_a_linear_problem_takes_one_step():
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(30, 6, generator=generator, dtype=torch.float64)
    wanted = torch.randn(30, generator=generator, dtype=torch.float64)
    (theta,) = parameters = [torch.zeros(6, dtype=torch.float64, requires_grad=True)]
    run(parameters, lambda: matrix @ theta - wanted, 1, damping=1e-14, least=1e-17)
    expected = torch.linalg.lstsq(matrix, wanted[:, None]).solution[:, 0]
    torch.testing.assert_close(theta.detach(), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("start", [(500.0, 1e-4), (250.0, 5e-4)])
def test_misra_of_nist(start):
    x, y = torch.tensor(MISRA_X, dtype=torch.float64), torch.tensor(MISRA_Y, dtype=torch.float64)
    b1, b2 = parameters = unknown(*start)
    _, losses = run(parameters, lambda: b1 * (1 - torch.exp(-b2 * x)) - y, 60, scaled=True)
    assert losses[-1] == pytest.approx(MISRA_SQUARES, rel=1e-9)
    assert values(parameters).tolist() == pytest.approx(MISRA, rel=1e-7)


def test_scales_of_parameters_do_not_matter_when_scaled():
    def path(scale):
        a, b = parameters = unknown(2.0 / scale, 0.5)
        x = torch.linspace(0, 3, 12, dtype=torch.float64)
        rows = lambda: scale * a * torch.exp(-b * x) - 3 * torch.exp(-1.5 * x)  # noqa: E731
        _, losses = run(parameters, rows, 6, scaled=True)
        return losses, scale * float(a.detach()), float(b.detach())

    plain, stretched = path(1.0), path(1e4)
    assert plain[0] == pytest.approx(stretched[0], rel=1e-4, abs=1e-12)
    assert plain[1:] == pytest.approx(stretched[1:], rel=1e-6)
    assert plain[0][-1] < 1e-3 * plain[0][0]


@pytest.mark.parametrize("scale", [None, torch.tensor([1.0, 4.0, 0.5, 2.0, 3.0], dtype=torch.float64)])
@pytest.mark.parametrize("rows", [3, 5, 9])
def test_dual_and_primal_solve_the_same(rows, scale):
    generator = torch.Generator().manual_seed(rows)
    jacobian = torch.randn(rows, 5, generator=generator, dtype=torch.float64)
    residuals, others = torch.randn(2, rows, generator=generator, dtype=torch.float64)
    primal, dual = (kind(residuals, jacobian, scale=scale) for kind in (Primal, Dual))
    for damping in (0.3, 7.0):
        diagonal = torch.ones(5, dtype=torch.float64) if scale is None else scale
        matrix = jacobian.T @ jacobian + damping * torch.diag(diagonal)
        expected = torch.linalg.solve(matrix, -jacobian.T @ residuals)
        for system in (primal, dual):
            step = system.solve(damping)
            torch.testing.assert_close(step, expected, rtol=1e-10, atol=1e-12)
            again = torch.linalg.solve(matrix, -jacobian.T @ others)
            torch.testing.assert_close(system.solve_again(others), again, rtol=1e-10, atol=1e-12)
            fall = residuals @ residuals - (residuals + jacobian @ step).square().sum()
            assert system.predicted(step) == pytest.approx(float(fall), rel=1e-10)
    assert isinstance(damped(residuals, jacobian), Dual if rows < 5 else Primal)


def test_a_matrix_that_cannot_be_factorised_gives_no_step():
    jacobian = torch.zeros(6, 3, dtype=torch.float64)
    assert Primal(torch.ones(6, dtype=torch.float64), jacobian).solve(0.0) is None
    assert Dual(torch.ones(2, dtype=torch.float64), jacobian[:2]).solve(0.0) is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("transposed", [False, True])
def test_normal_equations_are_solved_with_several_diagonals(dtype, transposed):
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(7, 4, generator=generator, dtype=dtype)
    right = torch.randn(4, generator=generator, dtype=dtype)
    equations = normal(matrix.T.contiguous().T if transposed else matrix)
    for diagonal in (0.5, torch.tensor([1.0, 2.0, 0.3, 0.1], dtype=dtype)):
        assert equations.factorise(diagonal)
        whole = matrix.T @ matrix + torch.eye(4, dtype=dtype) * diagonal
        torch.testing.assert_close(equations.solve(right), torch.linalg.solve(whole, right), rtol=1e-4, atol=1e-5)
    assert not equations.factorise(-1e3)


def test_fewer_rows_than_parameters_are_fitted_exactly():
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    wanted = torch.sin(inputs.sum(1))
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
    _, losses = run(list(net.parameters()), lambda: net(inputs)[:, 0] - wanted, 12)
    assert losses[-1] < 1e-15


def test_a_trial_that_is_not_a_number_is_refused():
    (x,) = parameters = unknown(1.0)
    rows = lambda: torch.stack([torch.log(x) + 3.0])  # noqa: E731  # a full step lands below zero: log is NaN there
    optimizer, _ = run(parameters, rows, 1, damping=1e-12, geodesic=False)
    assert float(x.detach()) == 1.0
    assert optimizer.stalled == 1
    assert optimizer.damping > 1e-3
    losses = [float(optimizer.step(rows)) for _ in range(2)]
    assert optimizer.stalled == 0
    assert losses[0] > 0
    losses += [float(optimizer.step(rows)) for _ in range(15)]
    assert losses[-1] < 1e-12
    assert float(x.detach()) == pytest.approx(float(torch.exp(torch.tensor(-3.0))), rel=1e-5)


class Spiteful:
    """Rows whose Jacobian lies: no step lowers the loss."""

    def __init__(self, parameter):
        self.parameter = parameter
        self.start = parameter.detach().clone()

    def __call__(self):
        return torch.stack([1 + (self.parameter.detach() - self.start).abs()])

    def jacobian(self, parameters):
        return self(), torch.ones(1, 1, dtype=torch.float64)


def test_where_no_step_helps_the_state_stays_and_the_damping_grows():
    (x,) = parameters = unknown(0.0)
    optimizer = LevenbergMarquardt(parameters, tries=5)
    before = optimizer.damping
    for count in (1, 2):
        assert float(optimizer.step(Spiteful(x))) == 1.0
        assert float(x.detach()) == 0.0
        assert optimizer.stalled == count
    assert optimizer.damping > 100 * before
    assert optimizer.report() == {"damping": optimizer.damping, "stalled": 2.0}
    optimizer.reset()
    assert (optimizer.damping, optimizer.stalled) == (before, 0)


def test_a_long_standstill_is_said_once():
    (x,) = parameters = unknown(0.5)
    optimizer = LevenbergMarquardt(parameters, tries=1)
    for _ in range(PATIENCE - 1):
        optimizer.step(Spiteful(x))
    with pytest.warns(RuntimeWarning, match=rf"no lower loss than 1 in {PATIENCE} steps: over-damped \(damping"):
        optimizer.step(Spiteful(x))
    optimizer.step(Spiteful(x))  # a second warning would be an error here
    assert float(x.detach()) == 0.5


def test_the_damping_stays_within_its_bounds():
    (x,) = parameters = unknown(0.0)
    optimizer = LevenbergMarquardt(parameters, most=10.0, tries=50)
    optimizer.step(Spiteful(x))
    assert optimizer.damping == 10.0
    (y,) = parameters = unknown(5.0)
    optimizer, _ = run(parameters, lambda: torch.stack([y, 2 * y]), 3, least=1e-3)
    assert optimizer.damping == 1e-3


def test_lr_is_the_length_of_the_step():
    (x,) = parameters = unknown(4.0)
    run(parameters, lambda: torch.stack([x]), 1, lr=0.25, damping=1e-15, least=1e-16)
    assert float(x.detach()) == pytest.approx(3.0)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_resumed_run_goes_on_exactly(scaled):
    def problem():
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(1, 6), torch.nn.Tanh(), torch.nn.Linear(6, 1)).double()
        x = torch.linspace(-1, 1, 25, dtype=torch.float64)[:, None]
        return net, lambda: (net(x) - torch.exp(-4 * x * x))[:, 0] / 5

    net, rows = problem()
    optimizer, _ = run(list(net.parameters()), rows, 7, scaled=scaled)
    kept = deepcopy((net.state_dict(), optimizer.state_dict()))
    after = [float(optimizer.step(rows)) for _ in range(8)]
    net, rows = problem()
    optimizer = LevenbergMarquardt(net.parameters(), scaled=scaled)
    net.load_state_dict(kept[0])
    optimizer.load_state_dict(kept[1])
    assert [float(optimizer.step(rows)) for _ in range(8)] == after
    fresh = LevenbergMarquardt(net.parameters(), scaled=scaled)
    assert fresh.damping != optimizer.damping


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"damping": 1e9}, "0 < least <= damping <= most"),
        ({"least": 0.0}, "0 < least <= damping <= most"),
        ({"tries": 0}, "tries: expected at least 1, got 0"),
        ({"rank": 0}, "rank: expected at least 1, got 0"),
        ({"check_every": -1}, "check_every: expected at least 0, got -1"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        LevenbergMarquardt(unknown(1.0), **settings)


def test_several_groups_are_refused():
    with pytest.raises(ValueError, match="one group of parameters, got 2"):
        LevenbergMarquardt([{"params": unknown(1.0)}, {"params": unknown(2.0)}])


def test_residuals_that_are_not_finite_at_the_start_are_refused():
    (x,) = parameters = unknown(-1.0)
    with pytest.raises(FloatingPointError, match="not finite where the step starts"):
        run(parameters, lambda: torch.stack([torch.log(x)]), 1)
    assert float(x.detach()) == -1.0


def test_parameters_that_the_rows_do_not_depend_on_stay():
    x, idle = parameters = unknown(3.0, 8.0)
    run(parameters, lambda: torch.stack([x - 1]), 5)
    assert values([x, idle]).tolist() == pytest.approx([1.0, 8.0])


class Overheard:
    """A parabola whose held-out loss is dictated, and how often it was asked for."""

    def __init__(self, parameter, losses):
        self.parameter, self.losses, self.asked = parameter, list(losses), 0

    def __call__(self):
        return torch.stack([self.parameter.detach(), torch.ones((), dtype=torch.float64)])

    def jacobian(self, parameters):
        return self(), torch.tensor([[1.0], [0.0]], dtype=torch.float64)

    def held_out(self):
        self.asked += 1
        return self.losses.pop(0)


def test_a_held_out_loss_far_above_the_training_loss_is_reported():
    (x,) = parameters = unknown(100.0)
    optimizer = LevenbergMarquardt(parameters, lr=0.1, check_every=2, overfit=5.0)
    residuals = Overheard(x, [1.0, 1e9, float("nan"), 1e9])
    seen = []
    for _ in range(6):
        optimizer.step(residuals)
        seen.append(optimizer.overfitted)
    assert seen == [False, False, False, True, True, False]
    assert residuals.asked == 3
    for _ in range(2):
        optimizer.step(residuals)
    assert optimizer.overfitted
    optimizer.begin()
    assert not optimizer.overfitted


def test_held_out_losses_are_not_asked_for_unless_wanted_or_where_there_are_none():
    (x,) = parameters = unknown(100.0)
    residuals = Overheard(x, [])
    run(parameters, residuals, 3)
    assert residuals.asked == 0
    (y,) = parameters = unknown(100.0)
    optimizer, _ = run(parameters, lambda: torch.stack([y]), 3, check_every=1)
    assert not optimizer.overfitted
