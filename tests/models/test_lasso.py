import numpy as np
import pytest
import torch
from sklearn import datasets, linear_model
from torch import Tensor

from mlsci.models.lasso import Lasso, duality_gap, sweep


def check(x: Tensor, y: Tensor, alpha: float) -> Lasso:
    """A fit whose coefficients agree with scikit-learn's."""
    oracle = linear_model.Lasso(alpha=alpha, tol=1e-13, max_iter=10**6).fit(x.numpy(), y.numpy())
    targets = 1 if y.ndim == 1 else y.shape[1]
    found = Lasso(in_features=x.shape[1], out_features=targets, alpha=alpha, tolerance=1e-12)
    found.fit(x, y)
    weight, bias = np.atleast_2d(oracle.coef_), np.atleast_1d(oracle.intercept_)
    torch.testing.assert_close(found.weight, torch.from_numpy(weight), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found.bias, torch.from_numpy(bias), rtol=1e-6, atol=1e-6)
    return found


def standardised(x: np.ndarray) -> Tensor:
    return torch.from_numpy((x - x.mean(0)) / x.std(0))


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 1.0])
def test_diabetes_raw_and_standardised(alpha: float) -> None:
    x, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    check(torch.from_numpy(x), torch.from_numpy(y), alpha)
    check(standardised(x), torch.from_numpy(y), alpha)


def test_breast_cancer_with_correlated_columns() -> None:
    x, y = datasets.load_breast_cancer(return_X_y=True)
    found = check(standardised(x), torch.from_numpy(y).double(), 1e-3)
    assert 0 < (found.weight == 0).sum() < 30


def test_each_target_has_its_own_support() -> None:
    torch.manual_seed(0)
    x = torch.randn(200, 10, dtype=torch.float64)
    truth = torch.zeros(3, 10, dtype=torch.float64)
    truth[0, 0], truth[1, 4], truth[2, 7] = 1.0, -2.0, 3.0
    found = check(x, x @ truth.T + 5, 0.3)
    assert torch.equal(found.weight != 0, truth != 0)


@pytest.mark.parametrize("alpha", [0.3, 0.01])
def test_fewer_samples_than_features(alpha: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(25, 60, dtype=torch.float64)
    check(x, x[:, :3].sum(1) + 0.1 * torch.randn(25, dtype=torch.float64), alpha)


def test_constant_column_and_float32() -> None:
    torch.manual_seed(0)
    x = torch.randn(50, 4)
    x[:, 2] = 0.1
    found = Lasso(in_features=4, out_features=1, alpha=0.01)
    found.fit(x, x[:, 0])
    assert found.weight[0, 0] > 0.9
    assert found.weight[0, 2] == 0


def test_duplicate_columns_reach_the_minimum() -> None:
    torch.manual_seed(0)
    x = torch.randn(50, 4)
    twice, once = (
        Lasso(in_features=8, out_features=1, alpha=0.1),
        Lasso(in_features=4, out_features=1, alpha=0.1),
    )
    y = x @ torch.arange(4.0)
    twice.fit(torch.cat((x, x), dim=1), y)
    once.fit(x, y)
    torch.testing.assert_close(twice.weight[:, :4] + twice.weight[:, 4:], once.weight)


def test_a_constant_target_is_its_own_prediction() -> None:
    found = Lasso(in_features=2, out_features=1, alpha=0.1)
    found.fit(torch.randn(9, 2), torch.full((9,), 0.3))
    torch.testing.assert_close(found.bias, torch.tensor([0.3], dtype=torch.float64), rtol=1e-6, atol=0)
    assert torch.equal(found.weight, torch.zeros(1, 2, dtype=torch.float64))


def test_the_gap_bounds_the_distance_to_the_minimum_at_every_sweep() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(30, 8, dtype=torch.float64), torch.randn(30, 2, dtype=torch.float64)
    weight, threshold = torch.zeros(8, 2, dtype=torch.float64), 2.0
    values, gaps = [], []
    for _ in range(200):
        values.append((y - x @ weight).square().sum(0) / 2 + threshold * weight.abs().sum(0))
        gaps.append(duality_gap(x, y, weight, threshold=threshold))
        sweep(x.T.contiguous(), y, weight, threshold=threshold)
    assert gaps[0].min() > 0.1
    assert gaps[-1].max() < 1e-12
    assert all((value - values[-1] <= gap + 1e-12).all() for value, gap in zip(values, gaps, strict=True))


def test_too_few_iterations_are_an_error_that_says_what_to_do() -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    short = Lasso(in_features=10, out_features=1, alpha=1e-3, max_iterations=1)
    with pytest.raises(RuntimeError, match=r"target 0 is .* after 1 iterations, above tolerance=1.0e-10: .*raise"):
        short.fit(torch.from_numpy(x), torch.from_numpy(y))
    assert short.weight.isnan().all()


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan")])
def test_impossible_penalties_are_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match=f"Lasso: alpha must be a finite number > 0, got {alpha}"):
        Lasso(in_features=2, out_features=1, alpha=alpha)


def test_values_that_are_not_finite_are_refused_by_column() -> None:
    x = torch.zeros(5, 3)
    x[4, 1] = torch.inf
    with pytest.raises(ValueError, match=r"Lasso: x has NaN or infinite values in column 1 \(1 of 5 rows\)"):
        Lasso(in_features=3, out_features=1).fit(x, torch.zeros(5))
