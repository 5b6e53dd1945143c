"""Solutions: hard constraints, what is prepared, and time windows."""

import pytest
import torch

from mlsci.errors import ConfigError
from mlsci.science.collocation.constraint import Hard, Soft
from mlsci.science.collocation.derivative import Nested, Taylor
from mlsci.science.jets import Layout
from mlsci.science.pde import PDE

WANTED = {(0, 0), (1, 0), (0, 1), (2, 0), (1, 1)}


def shake(solution, seed):
    """Other weights for the net in training."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in solution.net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)


def by_both(solution, points):
    """All wanted derivatives of the first field by prepared jets and by nested derivatives, side by side."""
    layout = Layout.of(WANTED, dimension=2)
    jet = solution.prepared(solution.prepare(points, layout))
    points = points.clone().requires_grad_()
    value = solution.at(points, solution.index)
    for index in WANTED:
        found = value[:, 0]
        for axis, order in enumerate(index):
            for _ in range(order):
                found = torch.autograd.grad(found.sum(), points, create_graph=True)[0][:, axis]
        yield jet.derivative(index)[:, 0].detach(), found.detach()


def test_the_hard_initial_state_holds_whatever_the_net_says(everything, solve, somewhere):
    solution = solve(everything, constraint=Hard())
    shake(solution, 0)
    start = somewhere.clone()
    start[:, 1] = 0.0
    expected = torch.stack([torch.sin(start[:, 0]), start[:, 0] ** 2], dim=1)
    assert torch.allclose(solution(start), expected, rtol=0, atol=1e-14)
    assert not torch.allclose(solution(somewhere), expected, atol=1e-2)


def test_soft_fields_are_the_outputs_of_the_net(everything, solve, somewhere):
    solution = solve(everything, constraint=Soft())
    assert torch.equal(solution(somewhere), solution.net(solution.embedding(somewhere)))


def test_a_prepared_ansatz_is_the_ansatz(everything, solve, somewhere):
    solution = solve(everything, constraint=Hard())
    assert solution.prepare(somewhere, Layout.of(WANTED, dimension=2)).offset is not None
    shake(solution, 1)
    for ours, expected in by_both(solution, somewhere):
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-11)


class Curved(PDE):
    """Fields that are no affine function of the net: u = exp(n_u), v = n_v n_u."""

    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 2.0)}  # noqa: RUF012
    fields = ("u", "v")

    def residual(self, f, p):
        return f.u_t - f.v

    def ansatz(self, n, c):
        return torch.exp(n.u * c.elapsed), n.v * n.u


def test_an_ansatz_that_is_not_affine_is_evaluated_as_it_stands(solve, enforce, somewhere):
    solution = solve(Curved(), constraint=Hard())
    assert solution.prepare(somewhere, Layout.of(WANTED, dimension=2)).offset is None
    for ours, expected in by_both(solution, somewhere):
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-11)
    system = enforce(solution)
    torch.testing.assert_close(
        system.residuals(system.blocks[0], derivative=Taylor()), system.residuals(system.blocks[0], derivative=Nested())
    )
    rows, jacobian = system.jacobian(system.parameters())
    gradient = torch.autograd.grad(system.loss()[0], system.parameters())
    torch.testing.assert_close(2 * rows @ jacobian, torch.cat([part.flatten() for part in gradient]))


class Carried(PDE):
    """Two fields on two carriers, with a background."""

    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 2.0)}  # noqa: RUF012
    fields = ("u", "v")

    def residual(self, f, p):
        return f.u_t, f.v_t

    def initial(self, c):
        return c.x, 1.0

    def background(self, c):
        return torch.sin(3 * c.x) * c.t, 0.0

    def carriers(self, c):
        return torch.cos(9 * c.x), torch.sin(9 * c.x - c.t)


@pytest.mark.parametrize("window", [0, 1])
def test_the_net_modulates_carriers_and_starts_from_the_background(solve, somewhere, window):
    pde = Carried()
    assert pde.outputs == 6
    net = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 6))
    solution = solve(pde, net=net, constraint=Hard(), windows=2)
    if window:
        solution.advance()
    shake(solution, 1)
    x, t = somewhere[:, 0], somewhere[:, 1]
    n = solution.net(solution.embed(somewhere, window))
    fast = torch.cos(9 * x), torch.sin(9 * x - t)
    start = torch.stack([x, torch.full_like(t, float(window))], dim=1)
    before = solution.at(start, 0)[:, 0] if window else x
    background = torch.sin(3 * x) * (t - window)
    expected = before + background + (t - window) * (n[:, 0] + fast[0] * n[:, 2] + fast[1] * n[:, 4])
    torch.testing.assert_close(solution.at(somewhere, window)[:, 0], expected)
    for ours, theirs in by_both(solution, somewhere):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-10)


class Static(PDE):
    """No time at all."""

    coordinates = {"x": (0.0, 1.0), "y": (0.0, 1.0)}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_xx + f.u_yy

    def ansatz(self, n, c):
        return c.x * (1 - c.x) * n.u


def test_an_ansatz_without_time_may_give_one_field_alone(solve):
    solution = solve(Static(), constraint=Hard())
    points = torch.tensor([[0.0, 0.3], [1.0, 0.7], [0.5, 0.5]], dtype=torch.float64)
    u = solution(points)
    assert u.shape == (3, 1)
    assert u[:2].abs().max() == 0
    assert u[2].abs() > 0


@pytest.fixture
def marched(everything, solve):
    """Three windows on t in [0, 2] with different nets; the last one is in training."""
    solution = solve(everything, constraint=Hard(), windows=3)
    for seed in (1, 2):
        shake(solution, seed)
        solution.advance()
    shake(solution, 3)
    return solution


def test_windows_join_continuously(marched):
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    assert marched.edges == pytest.approx([0, 2 / 3, 4 / 3, 2])
    for window in (0, 1):
        edge = torch.stack([x, torch.full_like(x, marched.edges[window + 1])], dim=1)
        torch.testing.assert_close(marched.at(edge, window), marched.at(edge, window + 1), rtol=0, atol=1e-13)
        assert not torch.allclose(marched.at(edge + 0.1, window), marched.at(edge + 0.1, window + 1))


def test_every_time_belongs_to_its_window(marched, somewhere):
    whole = marched(somewhere)
    for row, point in enumerate(somewhere):
        window = min(int(point[1] / (2 / 3)), 2)
        torch.testing.assert_close(whole[row], marched.at(point[None], window)[0])


def test_times_beyond_the_window_in_training_are_its_own(everything, solve):
    solution = solve(everything, constraint=Hard(), windows=3)
    late = torch.tensor([[0.0, 1.9]], dtype=torch.float64)
    torch.testing.assert_close(solution(late), solution.at(late, 0))


def test_jets_run_through_windows(marched, somewhere):
    for ours, expected in by_both(marched, somewhere):
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-10)


def test_only_the_present_net_learns(marched, somewhere):
    assert [name for name, p in marched.named_parameters() if p.requires_grad] == [
        f"net.{name}" for name, _ in marched.net.named_parameters()
    ]
    assert len(marched.past) == 2
    before = marched.at(somewhere, 0).detach().clone()
    shake(marched, 9)
    assert torch.equal(marched.at(somewhere, 0), before)


def test_a_state_dict_says_which_window_is_in_training(everything, solve, marched, somewhere):
    fresh = solve(everything, constraint=Hard(), windows=3)
    fresh.load_state_dict(marched.state_dict())
    assert fresh.index == 2
    assert torch.equal(fresh(somewhere), marched(somewhere))


class SecondOrder(Static):
    """u_tt = u_xx."""

    coordinates = {"x": (0.0, 1.0), "t": (0.0, 1.0)}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_tt - f.u_xx


def test_an_equation_of_second_order_in_time_takes_one_window(solve):
    with pytest.raises(ConfigError, match="window: SecondOrder is of second order in time"):
        solve(SecondOrder(), windows=2)
