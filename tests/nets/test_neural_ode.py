"""The neural ODE: order of its Runge-Kutta steps, shapes, gradients, and a law that it learns."""

import itertools
import math

import pytest
import torch
from torch import nn

from mlsci.nets.neural_ode import NeuralODE, runge_kutta_step


def test_the_steps_are_of_order_4():
    errors, exact = [], torch.tensor([[math.cos(2.0), math.sin(2.0)]], dtype=torch.float64)
    for count in (10, 20, 40):
        state = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
        for _ in range(count):
            state = runge_kutta_step(lambda h: torch.stack((-h[:, 1], h[:, 0]), dim=1), state, 2.0 / count)
        errors.append(float((state - exact).norm()))
    orders = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert orders == pytest.approx([4.0, 4.0], abs=0.1)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("hidden_states", [0, 2])
def test_a_past_becomes_the_next_states(steps, hidden_states):
    net = NeuralODE(in_shape=(5, 3), out_features=3 * steps, hidden_states=hidden_states, hidden=8, substeps=2)
    x = torch.randn(4, 5, 3)
    assert net(x).shape == (4, steps, 3)
    torch.testing.assert_close(net(x)[1:2], net(x[1:2]))
    net(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


def test_a_linear_field_gives_the_exponential():
    options = {"hidden": 1, "layers": 1, "interval": 0.5, "substeps": 20}
    net = NeuralODE(in_shape=(1, 1), out_features=3, activation=nn.Identity(), **options)
    with torch.no_grad():
        for layer in (net.field[0], net.field[2]):
            layer.weight.fill_(0.8)
            layer.bias.zero_()
    found = net(torch.ones(1, 1, 1)).flatten()
    torch.testing.assert_close(found, torch.exp(0.64 * 0.5 * torch.arange(1.0, 4.0)))


def test_only_the_last_state_matters_unless_there_are_hidden_ones():
    x = torch.randn(2, 5, 3)
    other = x.clone()
    other[:, :-1] += 1.0
    torch.manual_seed(0)
    plain = NeuralODE(in_shape=(5, 3), out_features=3)
    assert torch.equal(plain(x), plain(other))
    hidden = NeuralODE(in_shape=(5, 3), out_features=3, hidden_states=1)
    assert not torch.equal(hidden(x), hidden(other))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_shape": (5,), "out_features": 3}, r"maps pasts \(look_back, F\) to a multiple of F values, .*\(5,\)"),
        ({"in_shape": (5, 3), "out_features": 4}, "got inputs of shape .5, 3. and 4 outputs"),
        ({"in_shape": (5, 3), "out_features": 3, "interval": 0.0}, "interval > 0"),
    ],
)
def test_what_cannot_be_integrated_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        NeuralODE(**options)
    with pytest.raises(ValueError, match=r"expected \(B, 5, 3\), got \(2, 4, 3\)"):
        NeuralODE(in_shape=(5, 3), out_features=3)(torch.zeros(2, 4, 3))
