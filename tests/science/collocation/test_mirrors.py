"""Mirrors: a solution that is even or odd by construction, and mirrors that are none."""

import math

import pytest
import torch
from torch import nn

from mlsci.errors import ConfigError
from mlsci.nets.embedding import Periodic
from mlsci.nets.mlp import MLP
from mlsci.science.collocation.constraint import Hard, Soft
from mlsci.science.collocation.promises import check_promises
from mlsci.science.pde import PDE, Initial, Mirror


class Pair(PDE):
    """An odd and an even field that diffuse."""

    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}  # noqa: RUF012
    fields = ("u", "v")
    periodic = ("x",)
    mirrors = {"x": Mirror(at=0.25, odd=("u",))}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_t - f.u_xx, f.v_t - f.v_xx + f.u * f.u_x * f.v_x

    def initial(self, c):
        return torch.sin(math.pi * (c.x - 0.25)), torch.cos(math.pi * (c.x - 0.25))

    def conditions(self):
        return [Initial(u=lambda c: self.initial(c)[0], v=lambda c: self.initial(c)[1])]


class WrongState(Pair):
    """Its start stands elsewhere."""

    def initial(self, c):
        return torch.sin(math.pi * c.x), torch.cos(math.pi * c.x)


class WrongEquation(Pair):
    """It drifts to one side."""

    def residual(self, f, p):
        return f.u_t - f.u_xx + f.u_x, f.v_t - f.v_xx


@pytest.fixture
def folded(solve):
    """Build a solution whose embedding folds."""

    def built(pde, *, constraint=None, windows=1, fold=True):
        embedding = Periodic(pde, fold=fold)
        net = MLP(in_features=embedding.features, out_features=2, hidden=6, layers=2, activation=nn.Tanh())
        solution = solve(pde, net=net, constraint=constraint or Hard(), windows=windows)
        solution.embedding = embedding.double()
        return solution

    return built


@pytest.mark.parametrize("constraint", [Hard(), Soft()], ids=["hard", "soft"])
def test_fields_are_odd_and_even_whatever_the_net_says(folded, constraint):
    solution = folded(Pair(), constraint=constraint, windows=2)
    solution.advance()
    x = torch.linspace(-1, 1, 9, dtype=torch.float64)
    for t in (0.2, 0.9):
        here, there = (torch.stack([place, torch.full_like(x, t)], dim=1) for place in (0.25 + x, 0.25 - x))
        signs = torch.tensor([-1.0, 1.0], dtype=torch.float64)
        torch.testing.assert_close(solution(here), signs * solution(there), rtol=0, atol=1e-13)
        assert solution(here).abs().min(dim=0).values[1] > 0


@pytest.mark.parametrize("fold", [True, False])
def test_a_true_mirror_is_taken(folded, place, enforce, fold):
    solution = folded(Pair(), fold=fold)
    check_promises(place(solution), enforce(solution))


@pytest.mark.parametrize(
    ("pde", "message"),
    [
        (WrongState(), r"mirrors\.x: the initial state is not odd or even about 0\.25"),
        (WrongEquation(), r"mirrors\.x: the equation changes when x is mirrored about 0\.25"),
    ],
)
def test_a_false_mirror_is_refused(folded, place, enforce, pde, message):
    solution = folded(pde)
    with pytest.raises(ConfigError, match=message):
        check_promises(place(solution), enforce(solution))
