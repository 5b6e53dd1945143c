"""Taylor streams give the derivatives that nested automatic differentiation gives."""

from itertools import product

import pytest
import torch
from torch import nn

from mlsci.nets.activations import Sine
from mlsci.science.jets import Jet, Layout, coordinates, functions
from mlsci.science.jets.jet import compose

X = torch.rand(7, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.5
ALL = [index for index in product(range(5), range(5)) if sum(index) <= 4]


def nested(function, points, index):
    """D^α by reverse mode over reverse mode, (N,)."""
    points = points.clone().requires_grad_()
    found = function(points)
    for axis, order in enumerate(index):
        for _ in range(order):
            if not found.requires_grad:
                return torch.zeros_like(found)
            (gradient,) = torch.autograd.grad(found.sum(), points, create_graph=True, materialize_grads=True)
            found = gradient[:, axis]
    return found.detach()


def agree(function, indices=ALL, points=X):
    """All derivatives of a function (N, d) -> (N,), to 1e-12 of the largest."""
    jet = function(coordinates(points, Layout.of(indices, dimension=points.shape[1])))
    for index in indices:
        expected = nested(function, points, index)
        error = (jet.derivative(index) - expected).abs().max()
        assert error <= 1e-12 * max(float(expected.abs().max()), 1.0), index


class Net(nn.Module):
    """Two hidden layers of some activation, one output."""

    def __init__(self, activation):
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(
            nn.Linear(2, 5), activation, nn.Linear(5, 6, bias=False), activation, nn.Linear(6, 1)
        ).double()

    def forward(self, x):
        return self.layers(x)[:, 0]


ACTIVATIONS = [nn.Tanh(), nn.Sigmoid(), nn.GELU(), nn.SiLU()]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda module: type(module).__name__)
def test_nets_up_to_mixed_fourth_order(activation):
    net = Net(activation).requires_grad_(False)
    agree(net)


SCALARS = {
    "tanh": torch.tanh,
    "sin": torch.sin,
    "cos": torch.cos,
    "exp": torch.exp,
    "sqrt": torch.sqrt,
    "log": torch.log,
    "sigmoid": torch.sigmoid,
    "reciprocal": torch.reciprocal,
    "square": torch.square,
    "neg": torch.neg,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
}


@pytest.mark.parametrize("name", SCALARS)
def test_scalar_functions_of_two_coordinates(name):
    agree(lambda x: SCALARS[name](x[:, 0] * x[:, 1] + 0.3 * x[:, 0]))


@pytest.mark.parametrize(
    "name", ["tanh", "sin", "cos", "exp", "reciprocal", "sigmoid", "silu", "gelu", "square_root", "logarithm"]
)
@pytest.mark.parametrize("order", range(6))
def test_tables_are_the_derivatives(name, order):
    plain = {"square_root": torch.sqrt, "logarithm": torch.log, "silu": nn.functional.silu, "gelu": nn.functional.gelu}
    function = plain.get(name) or getattr(torch, name)
    z = torch.linspace(0.2, 2.0, 9, dtype=torch.float64)
    table = getattr(functions, name)(z, order)
    assert len(table) == order + 1
    for k, values in enumerate(table):
        expected = nested(lambda x: function(x[:, 0]), z[:, None], (k,))
        torch.testing.assert_close(values, expected, rtol=1e-11, atol=1e-11)


CONSTANT = torch.linspace(1.0, 2.0, 7, dtype=torch.float64)
OPERATIONS = {
    "sum": lambda x: x[:, 0] + x[:, 1] + 2 + CONSTANT,
    "sum from the left": lambda x: CONSTANT + (3.0 + x[:, 0]) * x[:, 1],
    "difference": lambda x: (1 - x[:, 0]) * (x[:, 1] - CONSTANT) * (CONSTANT - x[:, 0]) * (x[:, 0] - x[:, 1]),
    "product": lambda x: 2 * x[:, 0] * x[:, 1] * CONSTANT * x[:, 0],
    "tensor times jet": lambda x: CONSTANT * torch.mul(x[:, 0], x[:, 1]),
    "quotient": lambda x: x[:, 0] / x[:, 1] + x[:, 1] / 3.0,
    "quotient from the left": lambda x: 1 / x[:, 0] + CONSTANT / x[:, 1],
    "power": lambda x: x[:, 0] ** 3 * x[:, 1] ** 1 - x[:, 1] ** 4,
    "torch functions": lambda x: torch.add(torch.sub(x[:, 0], x[:, 1]), torch.div(x[:, 0], x[:, 1])),
    "stack": lambda x: torch.stack([x[:, 0] * x[:, 1], x[:, 1]], dim=1)[:, 0],
    "cat": lambda x: torch.cat([torch.sin(x), x[:, :1] * x], dim=1)[:, 2] + torch.cat([x, x], dim=-1)[:, 3],
    "flatten": lambda x: torch.flatten(torch.stack([x, x * x], dim=1), 1)[:, 3],
    "linear without bias": lambda x: nn.functional.linear(x * x, torch.tensor([[0.3, -2.0]]).double())[:, 0],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operators(name):
    agree(OPERATIONS[name], [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (2, 1), (2, 2)])


def gradients_agree(function, leaves, index):
    """Those of Σ (D^index f)² by the leaves, by jets and by nested derivatives."""
    jet = function(coordinates(X, Layout.of([index], dimension=2)))
    ours = torch.autograd.grad(jet.derivative(index).square().sum(), leaves)
    points = X.clone().requires_grad_()
    found = function(points)
    for axis in (axis for axis, order in enumerate(index) for _ in range(order)):
        found = torch.autograd.grad(found.sum(), points, create_graph=True)[0][:, axis]
    # the last bias of a net has no effect
    theirs = torch.autograd.grad(found.square().sum(), leaves, allow_unused=True, materialize_grads=True)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10 * float(b.abs().max()) + 1e-12)


@pytest.mark.parametrize("index", [(1, 0), (0, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, Sine()], ids=lambda module: type(module).__name__)
def test_gradients_by_the_weights_are_those_of_nested_derivatives(activation, index):
    net = Net(activation)
    gradients_agree(net, list(net.parameters()), index)


LEAVES = {
    "product of jets": lambda x, a: torch.sin(a * x[:, 0]) * torch.exp(a * x[:, 1]),
    "broadcast product": lambda x, a: (torch.sin(a * x) * torch.exp(a * x[:, :1]))[:, 1],
    "quotient": lambda x, a: (x[:, 0] * a) / (x[:, 1] + a),
    "square": lambda x, a: torch.square(torch.sqrt(x[:, 0] * a) + torch.log(x[:, 1] + a)),
    "cat and stack": lambda x, a: torch.stack([torch.cat([x * a, torch.cos(x)], dim=1)[:, 3] * a, x[:, 1]], dim=1)[
        :, 0
    ],
    "vector": lambda x, a: (torch.tanh(x * torch.stack([a, 2 * a])) * torch.stack([a, a]))[:, 1],
    "sum": lambda x, a: torch.sin(x[:, 0] * x[:, 1] + a) * (a - x[:, 1]),
}


@pytest.mark.parametrize("name", LEAVES)
def test_gradients_by_a_leaf_are_those_of_nested_derivatives(name):
    a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    gradients_agree(lambda x: LEAVES[name](x, a), [a], (0, 2))


def test_the_same_numbers_with_and_without_gradients():
    net, x = Net(nn.GELU()), coordinates(X, Layout.of([(2, 2)], dimension=2))
    with torch.no_grad():
        expected = net(x).streams
    assert not expected.requires_grad
    torch.testing.assert_close(net(x).streams.detach(), expected, rtol=0.0, atol=0.0)


def test_features_lie_first_in_memory_all_the_way():
    x = coordinates(X, Layout.of([(2, 0)], dimension=2))
    embedded = torch.cat([torch.sin(x[:, :1]), x], dim=1)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5), nn.GELU()).double()
    for jet in (embedded, net(embedded), net(embedded) * net(embedded), torch.stack([x[:, 1], x[:, 0]], dim=1)):
        assert jet.streams.movedim(-1, 0).is_contiguous()


def test_second_derivatives_by_the_weights_are_refused():
    net = Net(nn.Tanh())
    found = net(coordinates(X, Layout.of([(1, 0)], dimension=2))).derivative((1, 0)).square().sum()
    (first,) = torch.autograd.grad(found, [net.layers[0].weight], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_three_coordinates():
    points = torch.rand(5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    agree(
        lambda x: torch.sin(x[:, 0] * x[:, 1]) * torch.exp(x[:, 2] * x[:, 0]), [(1, 1, 1), (2, 1, 1), (0, 2, 2)], points
    )


def test_a_layout_holds_what_products_need_and_no_more():
    layout = Layout.of([(2, 0), (0, 1)], dimension=2)
    assert layout.indices == ((0, 0), (1, 0), (0, 1), (2, 0))
    assert (layout.order, layout.first, layout.dimension) == (2, 3, 2)
    assert layout.factorials == (1, 1, 1, 2)
    assert layout.pairs == ((), (), (), ((1, 1),))
    assert Layout.of([], dimension=3).indices == ((0, 0, 0),)


def test_a_jet_looks_like_its_value():
    jet = coordinates(X, Layout.of([(1, 1)], dimension=2))
    assert (jet.shape, jet.ndim, len(jet), jet.dtype, jet.device) == (X.shape, 2, 7, X.dtype, X.device)
    assert torch.equal(jet.value, X)
    assert jet.flatten().shape == (14,)
    assert isinstance(compose(jet, functions.exp), Jet)


def test_fifth_order_is_refused():
    with pytest.raises(ValueError, match=r"derivative \(3, 2\): .* up to order 4; use derivative=nested"):
        coordinates(X, Layout.of([(3, 2)], dimension=2))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (torch.relu, "no Taylor rule for torch's 'relu'; use derivative=nested"),
        (lambda x: nn.functional.gelu(x, approximate="tanh"), "approximate='none'"),
        (lambda x: x**0.5, "whole numbers from 1, got 0.5"),
        (lambda x: x**-1, "whole numbers from 1, got -1"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(function, message):
    jet = coordinates(X, Layout.of([(1, 0)], dimension=2))
    with pytest.raises(TypeError, match=message):
        function(jet)


def test_a_derivative_that_is_not_carried_is_a_key_error():
    with pytest.raises(KeyError):
        coordinates(X, Layout.of([(1, 0)], dimension=2)).derivative((0, 1))
