"""What is reported of a finished solution."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from mlsci.science.collocation.constraint import Soft
from mlsci.science.collocation.derivative import Nested
from mlsci.science.collocation.report import anywhere, drift, residual_anywhere, standard_errors
from mlsci.science.collocation.solution import Solution
from mlsci.science.collocation.system import System
from mlsci.science.pde import PDE, Coefficient, Learn, Observations

UNKNOWN = Learn(initial=0.0)


class Known(nn.Module):
    """u = 3 + t + sin(πx), as if a net had found it."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return 3 + x[:, 1:] + torch.sin(torch.pi * x[:, :1])


@dataclass(kw_only=True, eq=False)
class Growing(PDE):
    """u_t = k."""

    k: Coefficient = 1.5
    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 2.0)}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_t - p.k

    def invariants(self):
        return {"mass": lambda f, p: f.u, "wave": lambda f, p: f.u - f.t - 3, "slope": lambda f, p: f.u_x * p.k}


def system_of(pde, net):
    """A system without points."""
    solution = Solution(pde=pde, net=net, embedding=nn.Identity(), constraint=Soft()).double()
    return System(solution=solution, coefficients={}, derivative=Nested())


def test_drift_is_the_largest_relative_change():
    found = drift(system_of(Growing(), Known()))
    assert found["mass"] == pytest.approx(2 / 3, rel=1e-9)
    assert found["wave"] == pytest.approx(0.0, abs=1e-12)  # its integral is zero: relative to its size
    assert found["slope"] == pytest.approx(0.0, abs=1e-12)


class Flat(PDE):
    """Two coordinates without time."""

    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 2.0), "y": (0.0, 1.0)}  # noqa: RUF012

    def invariants(self):
        return {"mass": lambda f, p: f.u}


def test_no_drift_where_space_has_two_coordinates_or_nothing_is_conserved():
    assert drift(system_of(Flat(), Known())) == {}
    assert drift(system_of(PDE(), Known())) == {}


def test_residuals_anywhere():
    points = torch.tensor([[0.3, 0.2], [-0.5, 1.0]], dtype=torch.float64)
    system = system_of(Growing(), Known())
    torch.testing.assert_close(residual_anywhere(system, points), torch.full((2, 1), -0.5, dtype=torch.float64))
    slope = torch.pi * torch.cos(torch.pi * points[:, 0])
    torch.testing.assert_close(anywhere(system.solution, points).u_x.detach(), slope)


@dataclass(kw_only=True, eq=False)
class Line(PDE):
    """u_t = k for a straight line u = a t + b: least squares by hand."""

    k: Coefficient = UNKNOWN
    coordinates = {"t": (0.0, 1.0)}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_t - p.k

    def conditions(self):
        generator = torch.Generator().manual_seed(0)
        t = torch.linspace(0, 1, 50, dtype=torch.float64)
        u = 2 * t + 1 + 0.1 * torch.randn(50, generator=generator, dtype=torch.float64)
        return [Observations(points=t[:, None], values={"u": u})]


@pytest.mark.parametrize("weight", [1.0, 7.0])
def test_standard_errors_are_those_of_least_squares(solve, enforce, weight):
    pde = Line()
    system = enforce(solve(pde, net=nn.Linear(1, 1)))
    (data,) = [block for block in system.blocks if block.kind == "data"]
    data.weight = weight
    parameters = system.parameters()
    for _ in range(2):  # a linear problem
        rows, jacobian = system.jacobian(parameters)
        step = torch.linalg.lstsq(jacobian, -rows[:, None]).solution[:, 0]
        for parameter, change in zip(parameters, step, strict=True):
            parameter.data += change
    t, u = data.points[:, 0], pde.conditions()[0].values["u"]
    design = torch.stack([t, torch.ones_like(t)], dim=1)
    fitted = torch.linalg.lstsq(design, u[:, None]).solution[:, 0]
    spread = (u - design @ fitted).square().mean()
    expected = (spread * torch.linalg.inv(design.T @ design)[0, 0]).sqrt()
    assert float(system.coefficients["k"].detach()) == pytest.approx(float(fitted[0]), rel=1e-9)
    assert standard_errors(system)["k"] == pytest.approx(float(expected), rel=1e-6)


def test_standard_errors_of_what_is_trained_by_its_logarithm_are_those_of_the_value(solve, enforce):
    found = []
    for positive in (False, True):
        torch.manual_seed(0)
        system = enforce(solve(Line(k=Learn(initial=0.5, positive=positive)), net=nn.Linear(1, 1)))
        found.append(standard_errors(system)["k"])
    assert found[1] == pytest.approx(found[0], rel=1e-9)


def test_no_standard_errors_without_unknowns_or_observations(everything, solve, enforce):
    system = enforce(solve(everything))
    assert standard_errors(system).keys() == {"k"}
    system.blocks = [block for block in system.blocks if block.kind != "data"]
    assert standard_errors(system) == {}
