import numpy as np
import pytest
import torch
from sklearn import datasets, linear_model
from torch import Tensor

from mlsci.models.linear_regression import LinearRegression, compress


def check(x: Tensor, y: Tensor) -> LinearRegression:
    """A fit whose coefficients agree with scikit-learn's."""
    oracle = linear_model.LinearRegression().fit(x.numpy(), y.numpy())
    found = LinearRegression(in_features=x.shape[1], out_features=1 if y.ndim == 1 else y.shape[1])
    found.fit(x, y)
    torch.testing.assert_close(found.weight, torch.from_numpy(np.atleast_2d(oracle.coef_)), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found.bias, torch.from_numpy(np.atleast_1d(oracle.intercept_)), rtol=1e-6, atol=1e-6)
    return found


@pytest.fixture
def diabetes() -> tuple[Tensor, Tensor]:
    x, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return torch.from_numpy(x), torch.from_numpy(y)


def test_diabetes_raw_and_standardised(diabetes: tuple[Tensor, Tensor]) -> None:
    x, y = diabetes
    check(x, y)
    check((x - x.mean(0)) / x.std(0), y)


def test_several_targets() -> None:
    torch.manual_seed(0)
    x = torch.randn(60, 7, dtype=torch.float64) + 3
    check(x, x @ torch.randn(7, 4, dtype=torch.float64) + torch.randn(60, 4, dtype=torch.float64))


@pytest.mark.parametrize("samples", [1, 5, 21, 22, 30])
def test_more_features_than_samples_take_the_smallest_solution(samples: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(samples, 20, dtype=torch.float64)
    check(x, torch.randn(samples, 2, dtype=torch.float64))


def test_constant_and_duplicate_columns(diabetes: tuple[Tensor, Tensor]) -> None:
    x, y = diabetes
    found = check(torch.cat((x, torch.full((len(x), 1), 0.1), x[:, :1]), dim=1), y)
    assert found.weight[0, 10].abs() < 1e-12
    torch.testing.assert_close(found.weight[0, 0], found.weight[0, 11])


def test_prediction_is_the_affine_map_for_flattened_float32_inputs() -> None:
    torch.manual_seed(0)
    x = torch.randn(40, 2, 3)
    y = 5 + x.flatten(1) @ torch.arange(6.0)
    found = LinearRegression(in_features=6, out_features=1)
    found.fit(x, y)
    torch.testing.assert_close(found(x).squeeze(1), y.double(), rtol=1e-5, atol=1e-5)
    assert found.weight.dtype == torch.float64


def test_an_unfitted_prediction_is_not_a_number() -> None:
    assert LinearRegression(in_features=2, out_features=1)(torch.zeros(3, 2)).isnan().all()


def test_state_dict_round_trip(diabetes: tuple[Tensor, Tensor]) -> None:
    found, other = (LinearRegression(in_features=10, out_features=1) for _ in range(2))
    found.fit(*diabetes)
    other.load_state_dict(found.state_dict())
    assert torch.equal(other(diabetes[0]), found(diabetes[0]))


def test_torch_export_with_any_batch(diabetes: tuple[Tensor, Tensor]) -> None:
    x, y = diabetes
    found = LinearRegression(in_features=10, out_features=1)
    found.fit(x, y)
    batch = {0: torch.export.Dim("batch")}
    program = torch.export.export(found, (x[:4],), dynamic_shapes=(batch,))
    torch.testing.assert_close(program.module()(x[:7]), found(x[:7]))


def test_compression_keeps_the_products() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(50, 4, dtype=torch.float64), torch.randn(50, 2, dtype=torch.float64)
    rows, goals = compress(x, y)
    assert rows.shape == (6, 4)
    torch.testing.assert_close(rows.T @ rows, x.T @ x)
    torch.testing.assert_close(rows.T @ goals, x.T @ y)
    torch.testing.assert_close(goals.T @ goals, y.T @ y)


WRONG = [
    (
        (5, 4),
        (5,),
        r"LinearRegression: expected x of shape \(B, 3\) or one that flattens to it, got \(5, 4\)",
    ),
    ((3,), (3,), r"expected x of shape \(B, 3\)"),
    ((5, 3), (5, 2), r"expected y of shape \(B, 1\) or one that flattens to it, got \(5, 2\)"),
    ((5, 3), (4,), "same number of samples, at least one, got 5 and 4"),
    ((0, 3), (0,), "same number of samples, at least one, got 0 and 0"),
]


@pytest.mark.parametrize(("x", "y", "message"), WRONG)
def test_wrong_shapes_are_refused(x: tuple[int, ...], y: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinearRegression(in_features=3, out_features=1).fit(torch.zeros(x), torch.zeros(y))


def test_values_that_are_not_finite_are_refused_by_column() -> None:
    x, y = torch.zeros(5, 3), torch.zeros(5)
    x[1:3, 2] = torch.nan
    estimator = LinearRegression(in_features=3, out_features=1)
    with pytest.raises(ValueError, match=r"x has NaN or infinite values in column 2 \(2 of 5 rows\), 1 such"):
        estimator.fit(x, y)
    with pytest.raises(ValueError, match="y has NaN or infinite values in column 0"):
        estimator.fit(torch.zeros(5, 3), torch.full((5,), torch.inf))
