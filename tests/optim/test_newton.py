"""Newton's method: one step on a quadratic, quadratic convergence on Rosenbrock's function, downhill at a saddle."""

import torch

from mlsci.models.studies.descent import descend
from mlsci.optim.newton import Newton
from mlsci.science.landscapes import Quadratic, Rosenbrock


def test_one_step_solves_a_quadratic() -> None:
    path = descend(Quadratic(kappa=1e4), Newton, steps=1)
    assert path[1].norm() < 1e-10 * path[0].norm()


def test_digits_double_near_the_minimum() -> None:
    errors = (descend(Rosenbrock(), Newton, steps=8) - 1).norm(dim=1)
    assert errors[6] < 10 * errors[5] ** 2
    assert errors[7] < 1e-10


def test_a_saddle_is_left_downhill() -> None:
    x = torch.tensor([1.0, 0.1], dtype=torch.float64, requires_grad=True)
    optimizer = Newton([x])
    for _ in range(3):
        optimizer.step(lambda: x[0] ** 2 - x[1] ** 2)
    assert abs(float(x[0].detach())) < 1e-12
    assert float(x[1].detach()) > 0.7


def test_parameters_of_several_shapes_are_one_vector() -> None:
    a, b = (
        torch.ones(2, 2, dtype=torch.float64, requires_grad=True),
        torch.ones(3, dtype=torch.float64, requires_grad=True),
    )
    Newton([a, b]).step(lambda: (a.square().sum() + (b - 2).pow(2).sum()) + a.sum() * b.sum() / 10)
    total_a, total_b = float(a.sum().detach()), float(b.sum().detach())
    torch.testing.assert_close(
        2 * a.detach() + total_b / 10, torch.zeros(2, 2, dtype=torch.float64), atol=1e-12, rtol=0
    )
    torch.testing.assert_close(
        2 * (b.detach() - 2) + total_a / 10, torch.zeros(3, dtype=torch.float64), atol=1e-12, rtol=0
    )
