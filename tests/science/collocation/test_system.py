"""Losses, rows and Jacobians of systems agree with automatic differentiation."""

import pytest
import torch
from torch import Generator, nn

from mlsci.errors import ConfigError
from mlsci.nets.activations import Sine
from mlsci.nets.kan import ChebyshevKAN
from mlsci.nets.mlp import MLP
from mlsci.nets.modified_mlp import ModifiedMLP
from mlsci.nets.pirate import PirateNet
from mlsci.science.collocation.constraint import Hard, Soft
from mlsci.science.collocation.derivative import Nested, Taylor
from mlsci.science.collocation.promises import check_promises
from mlsci.science.pde import PDE, Span

SIZES = {"in_features": 2, "out_features": 2}
NETS = {
    "mlp": lambda: MLP(**SIZES, hidden=4, layers=2, activation=nn.Tanh()),
    "mlp of sines": lambda: MLP(**SIZES, hidden=4, layers=2, activation=Sine(), residual=True),
    "modified mlp": lambda: ModifiedMLP(**SIZES, hidden=4, layers=3),
    "pirate": lambda: PirateNet(**SIZES, hidden=4, layers=2, alpha=0.3),
    "kan": lambda: ChebyshevKAN(**SIZES, hidden=3, layers=1, degree=3),
}


def weigh(system):
    """Weights of blocks and points that differ."""
    generator = Generator().manual_seed(1)
    for number, block in enumerate(system.blocks):
        block.weight = 0.5 + number
        if number % 2 == 0:
            block.point_weights = torch.rand(block.count, generator=generator, dtype=torch.float64) + 0.1


def by_autograd(system):
    """Rows by nested derivatives, and their Jacobian one row at a time."""
    scaled = [system._scaled(block, system.residuals(block, derivative=Nested())) for block in system.blocks]
    rows, parameters = torch.cat(scaled), system.parameters()
    lines = []
    for row in rows:
        parts = torch.autograd.grad(row, parameters, retain_graph=True, materialize_grads=True, allow_unused=True)
        lines.append(torch.cat([part.flatten() for part in parts]))
    return rows.detach(), torch.stack(lines)


@pytest.mark.parametrize("constraint", [Soft(), Hard()], ids=["soft", "hard"])
@pytest.mark.parametrize("name", NETS)
def test_the_jacobian_is_exact(everything, solve, enforce, name, constraint):
    torch.manual_seed(2)
    system = enforce(solve(everything, net=NETS[name](), constraint=constraint), count=6)
    assert {block.name for block in system.blocks} >= {"pde", "periodic_x", "neumann", "data"}
    weigh(system)
    rows, jacobian = system.jacobian(system.parameters())
    expected_rows, expected = by_autograd(system)
    torch.testing.assert_close(rows, expected_rows, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(jacobian, expected, rtol=1e-10, atol=1e-10)
    assert jacobian[:, -1].abs().max() > 1e-3  # the unknown coefficient takes part
    torch.testing.assert_close(system(), expected_rows, rtol=1e-10, atol=1e-10)


def test_a_second_jacobian_reuses_room_and_is_right(everything, solve, enforce):
    system = enforce(solve(everything))
    first = system.jacobian(system.parameters())[1].clone()
    for parameter in system.parameters():
        parameter.data += 0.1
    second = system.jacobian(system.parameters())[1]
    assert not torch.allclose(first, second)
    torch.testing.assert_close(second, by_autograd(system)[1], rtol=1e-10, atol=1e-10)


def test_the_jacobian_follows_the_order_and_choice_of_parameters(everything, solve, enforce):
    system = enforce(solve(everything))
    parameters = system.parameters()
    _, whole = system.jacobian(parameters)
    whole = whole.clone()
    last = parameters[-1]
    _, part = system.jacobian([last, parameters[0]])
    torch.testing.assert_close(part[:, 0], whole[:, -1])
    torch.testing.assert_close(part[:, 1:], whole[:, : parameters[0].numel()])


@pytest.mark.parametrize("derivative", [Nested(), Taylor()], ids=["nested", "taylor"])
def test_the_loss_is_the_sum_of_squares_of_the_rows(everything, solve, enforce, derivative):
    system = enforce(solve(everything), derivative=derivative)
    weigh(system)
    loss, parts = system.loss()
    rows, _ = system.jacobian(system.parameters())
    torch.testing.assert_close(loss.detach(), rows @ rows, rtol=1e-11, atol=0.0)
    assert parts.keys() == system.latest.keys() == {block.name for block in system.blocks}
    mean = system.residuals(system.blocks[0]).square().sum(1).mean()
    torch.testing.assert_close(parts["pde"], mean.detach())


def test_both_derivatives_give_the_same_gradient(everything, solve, enforce):
    found = []
    for derivative in (Nested(), Taylor()):
        system = enforce(solve(everything), derivative=derivative)
        loss, _ = system.loss()
        found.append(torch.autograd.grad(loss, system.parameters()))
    for nested, taylor in zip(*found, strict=True):
        torch.testing.assert_close(nested, taylor, rtol=1e-9, atol=1e-11)


def test_a_spanned_coefficient_is_a_column_of_the_points(everything, solve, enforce):
    pde = type(everything)(k=Span(low=1.0, high=2.0))
    pde.conditions = lambda: []
    net = MLP(in_features=3, out_features=2, hidden=4, layers=1, activation=nn.Tanh())
    system = enforce(solve(pde, net=net))
    (block,) = system.blocks
    assert block.points.shape == (9, 3)
    torch.testing.assert_close(system.jacobian(system.parameters())[1], by_autograd(system)[1], rtol=1e-10, atol=1e-10)


def test_paired_points_share_a_row(everything, solve, enforce):
    system = enforce(solve(everything))
    (block,) = [block for block in system.blocks if block.paired]
    assert system.residuals(block).shape == (block.count, 2) == (len(block.points) // 2, 2)
    u = system.solution(block.points)[:, 0]
    difference = u[: block.count] - u[block.count :]
    torch.testing.assert_close(system.residuals(block)[:, 0], difference)


class Matrix(nn.Module):
    """A net with a matrix outside of a linear layer."""

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.ones(2, 2, dtype=torch.float64))

    def forward(self, x):
        return nn.functional.linear(x, self.matrix)


def test_a_parameter_without_rule_is_refused_by_name(everything, solve, enforce):
    system = enforce(solve(everything, net=Matrix()))
    with pytest.raises(TypeError, match=r"net.matrix: .* got shape \(2, 2\); use optimizer=soap"):
        system.jacobian(system.parameters())


class Fifth(PDE):
    """u_t = u_xxxxx, solved by sin(x - t) among others."""

    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_t + f.u_xxxxx


def test_nested_derivatives_go_beyond_fourth_order(solve, enforce):
    system = enforce(
        solve(Fifth(), net=MLP(**(SIZES | {"out_features": 1}), hidden=4, activation=Sine())), derivative=Nested()
    )
    loss, _ = system.loss()
    loss.backward()
    assert all(p.grad.abs().max() > 0 for name, p in system.solution.net.named_parameters() if name != "head.bias")
    (block,) = system.blocks
    block.equation = lambda f, p: f.u_xxxxx
    points = block.points.detach().requires_grad_()
    found = system.solution(points)[:, 0]
    for _ in range(5):
        found = torch.autograd.grad(found.sum(), points, create_graph=True)[0][:, 0]
    torch.testing.assert_close(system.residuals(block)[:, 0], found)


def test_taylor_series_and_the_jacobian_refuse_a_fifth_order_by_name(solve, enforce, place):
    solution = solve(Fifth(), net=MLP(**(SIZES | {"out_features": 1}), hidden=4))
    message = "derivative _xxxxx is of order 5.* up to 4.*use derivative=nested with optimizer=soap or adam"
    with pytest.raises(ConfigError, match=message):
        check_promises(place(solution), enforce(solution, derivative=Taylor()))
    system = enforce(solution, derivative=Nested())
    check_promises(place(solution), system)
    with pytest.raises(ConfigError, match=message):
        system.jacobian(system.parameters())
