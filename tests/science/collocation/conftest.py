"""A small problem that has everything: two fields, two equations, an unknown, and conditions of every kind."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Generator, Tensor, nn

from mlsci.nets.embedding import Rescale
from mlsci.nets.mlp import MLP
from mlsci.science.collocation.constraint import Constraint, Soft
from mlsci.science.collocation.derivative import Derivative, Taylor
from mlsci.science.collocation.points import Points
from mlsci.science.collocation.solution import Solution
from mlsci.science.collocation.system import System
from mlsci.science.pde import PDE, Coefficient, Initial, Learn, Neumann, Observations, Periodic
from mlsci.science.sampling.sobol import Sobol

UNKNOWN = Learn(initial=0.3, truth=0.7)


@dataclass(kw_only=True, eq=False)
class Everything(PDE):
    """u_t + k v_x = u_xx and v_t = u v."""

    k: Coefficient = UNKNOWN
    drawn: int | None = 4
    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 2.0)}  # noqa: RUF012
    fields = ("u", "v")

    def residual(self, f, p):
        return f.u_t + p.k * f.v_x - f.u_xx, f.v_t - f.u * f.v

    def initial(self, c):
        return torch.sin(c.x), c.x * c.x

    def conditions(self):
        points = torch.tensor([[0.1, 0.2], [0.5, 1.9], [-1.0, 2.0]], dtype=torch.float64)
        drawn = [
            Initial(u=lambda c: torch.sin(c.x), v=lambda c: c.x * c.x),
            Periodic("x", "u", "v_x"),
            Neumann(u=0.5),
        ]
        measured = Observations(points=points, values={"v": torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)})
        return [*(replace(condition, count=self.drawn) for condition in drawn), measured]


def _net(outputs: int = 2) -> nn.Module:
    torch.manual_seed(3)
    return MLP(in_features=2, out_features=outputs, hidden=5, layers=2, activation=nn.Tanh())


def _solution(pde: PDE, *, net: nn.Module | None = None, constraint: Constraint | None = None, windows: int = 1):
    net = _net(len(pde.fields)) if net is None else net
    return Solution(pde=pde, net=net, embedding=Rescale(pde), constraint=constraint or Soft(), windows=windows).double()


def _points(solution: Solution, *, count: int = 9) -> Points:
    return Points(solution=solution, constraint=solution.constraint, sampler=Sobol(points=count))


def _system(solution: Solution, *, derivative: Derivative | None = None, count: int = 9) -> System:
    unknown = {
        name: torch.tensor(value.start, dtype=torch.float64).requires_grad_()
        for name, value in solution.pde.learned.items()
    }
    system = System(solution=solution, coefficients=unknown, derivative=derivative or Taylor())
    system.blocks = _points(solution, count=count).draw(generator=Generator().manual_seed(0))
    return system


@pytest.fixture
def everything() -> PDE:
    """The equation."""
    return Everything()


@pytest.fixture
def solve() -> Callable[..., Solution]:
    """`solve(pde, net=, constraint=, windows=)`: a solution in float64, by a small tanh net unless another is given."""
    return _solution


@pytest.fixture
def place() -> Callable[..., Points]:
    """`place(solution, count=)`: its points, by Sobol."""
    return _points


@pytest.fixture
def enforce() -> Callable[..., System]:
    """`enforce(solution, derivative=, count=)`: its equations at points."""
    return _system


@pytest.fixture
def somewhere() -> Tensor:
    """Points of the domain, (20, 2)."""
    unit = torch.rand(20, 2, generator=Generator().manual_seed(5), dtype=torch.float64)
    return torch.tensor([-1.0, 0.0], dtype=torch.float64) + 2 * unit
