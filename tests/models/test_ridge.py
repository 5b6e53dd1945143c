import numpy as np
import pytest
import torch
from sklearn import datasets, linear_model
from torch import Tensor

from mlsci.models.linear_regression import LinearRegression
from mlsci.models.ridge import Ridge


def check(x: Tensor, y: Tensor, alpha: float) -> None:
    """The coefficients agree with scikit-learn's."""
    oracle = linear_model.Ridge(alpha=alpha, solver="svd").fit(x.numpy(), y.numpy())
    found = Ridge(in_features=x.shape[1], out_features=1 if y.ndim == 1 else y.shape[1], alpha=alpha)
    found.fit(x, y)
    weight, bias = np.atleast_2d(oracle.coef_), np.atleast_1d(oracle.intercept_)
    torch.testing.assert_close(found.weight, torch.from_numpy(weight), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found.bias, torch.from_numpy(bias), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("scaled", [True, False])
def test_diabetes(alpha: float, scaled: bool) -> None:
    x, y = datasets.load_diabetes(return_X_y=True, scaled=scaled)
    check(torch.from_numpy(x), torch.from_numpy(y), alpha)


@pytest.mark.parametrize("samples", [1, 10, 21, 50])
def test_several_targets_with_fewer_and_more_samples_than_features(samples: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(samples, 20, dtype=torch.float64) + 2
    check(x, torch.randn(samples, 3, dtype=torch.float64), 0.1)


def test_constant_and_duplicate_columns() -> None:
    x, y = map(torch.from_numpy, datasets.load_diabetes(return_X_y=True, scaled=False))
    check(torch.cat((x, torch.full((len(x), 1), 0.1), x[:, :1]), dim=1), y, 0.5)


def test_the_gradient_of_the_objective_vanishes() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(30, 6, dtype=torch.float64), torch.randn(30, 2, dtype=torch.float64)
    found = Ridge(in_features=6, out_features=2, alpha=2.5)
    found.fit(x, y)
    weight, bias = found.weight.requires_grad_(), found.bias.requires_grad_()
    objective = (y - x @ weight.T - bias).square().sum() + 2.5 * weight.square().sum()
    for gradient in torch.autograd.grad(objective, (weight, bias)):
        assert gradient.abs().max() < 1e-12


def test_no_penalty_is_least_squares() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(8, 20), torch.randn(8)
    ridge, plain = (
        Ridge(in_features=20, out_features=1, alpha=0),
        LinearRegression(in_features=20, out_features=1),
    )
    ridge.fit(x, y)
    plain.fit(x, y)
    assert torch.equal(ridge.weight, plain.weight)


@pytest.mark.parametrize("alpha", [-1.0, float("nan"), float("inf")])
def test_impossible_penalties_are_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match=f"Ridge: alpha must be a finite number >= 0, got {alpha}"):
        Ridge(in_features=2, out_features=1, alpha=alpha)
