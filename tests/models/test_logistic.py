import numpy as np
import pytest
import torch
from sklearn import datasets, linear_model
from torch import Tensor
from torch.nn import functional as F

from mlsci.models.logistic import Logistic


def standardised(x: np.ndarray) -> Tensor:
    std = x.std(0)
    return torch.from_numpy((x - x.mean(0)) / np.where(std == 0, 1, std))


def fitted(x: Tensor, y: Tensor, C: float) -> tuple[Logistic, linear_model.LogisticRegression]:
    oracle = linear_model.LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=10**4)
    found = Logistic(in_features=x.shape[1], out_features=int(y.max()) + 1, C=C)
    found.fit(x, y)
    return found, oracle.fit(x.numpy(), y.numpy())


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_two_classes_have_the_coefficients_of_one_logit(C: float) -> None:
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x, y = standardised(x), torch.from_numpy(y)
    found, oracle = fitted(x, y, C)
    weight, bias = found.weight[1] - found.weight[0], found.bias[1] - found.bias[0]
    torch.testing.assert_close(weight, torch.from_numpy(oracle.coef_[0]), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(bias, torch.tensor(oracle.intercept_[0]), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(
        found(x).softmax(1), torch.from_numpy(oracle.predict_proba(x.numpy())), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("C", [0.05, 1.0])
def test_several_classes(C: float) -> None:
    x, y = datasets.load_digits(return_X_y=True)
    found, oracle = fitted(torch.from_numpy(x[:300]), torch.from_numpy(y[:300]), C)
    bias = oracle.intercept_ - oracle.intercept_.mean()
    torch.testing.assert_close(found.weight, torch.from_numpy(oracle.coef_), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found.bias, torch.from_numpy(bias), rtol=1e-6, atol=1e-6)


def test_the_gradient_of_the_objective_vanishes() -> None:
    x, y = map(torch.from_numpy, datasets.load_iris(return_X_y=True))
    found = Logistic(in_features=4, out_features=3, C=2.0)
    found.fit(x, y)
    weight, bias = found.weight.requires_grad_(), found.bias.requires_grad_()
    objective = 2.0 * F.cross_entropy(x @ weight.T + bias, y, reduction="sum") + weight.square().sum() / 2
    for gradient in torch.autograd.grad(objective, (weight, bias)):
        assert gradient.abs().max() < 1e-7


def test_badly_scaled_columns_converge() -> None:
    x, y = map(torch.from_numpy, datasets.load_iris(return_X_y=True))
    x, y = x[50:], y[50:] - 1
    scale = torch.tensor([1e-3, 1.0, 10.0, 1e3], dtype=torch.float64)
    found, oracle = fitted(x * scale, y, 1e3)
    expected = torch.from_numpy(oracle.predict_proba((x * scale).numpy()))
    torch.testing.assert_close(found(x * scale).softmax(1), expected, rtol=1e-6, atol=1e-6)


def test_constant_column_and_float32() -> None:
    torch.manual_seed(0)
    x = torch.randn(60, 3)
    x[:, 1] = 0.1
    y = (x[:, 0] + 0.5 * torch.randn(60) > 0).long()
    found = Logistic(in_features=3, out_features=2)
    found.fit(x, y[:, None])
    assert found.weight[:, 1].abs().max() < 1e-8
    assert (found(x).argmax(1) == y).double().mean() > 0.75


def test_separable_classes_have_a_minimum_with_a_penalty_and_are_refused_almost_without() -> None:
    x, y = torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1])
    found = Logistic(in_features=1, out_features=2, C=1.0)
    found.fit(x, y)
    slope = float(found.weight[1] - found.weight[0])
    # The derivative of 2 log(1 + exp(-w)) + w^2 / 2.
    assert slope == pytest.approx(2 / (1 + np.exp(slope)), abs=1e-9)
    with pytest.raises(RuntimeError, match=r"not converged after 30 Newton steps .* lower C \(now 1e\+20; .*separable"):
        Logistic(in_features=1, out_features=2, C=1e20, max_iterations=30).fit(x, y)


@pytest.mark.parametrize("C", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_penalties_are_refused(C: float) -> None:
    with pytest.raises(ValueError, match=f"Logistic: C must be a finite number > 0, got {C}"):
        Logistic(in_features=2, out_features=2, C=C)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="the number of classes, at least 2, got 1"):
        Logistic(in_features=2, out_features=1)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.zeros(4), r"integers of shape \(B,\), got torch.float32 of shape \(4,\)"),
        (torch.zeros(4, 3, dtype=torch.long), r"got torch.int64 of shape \(4, 3\)"),
        (torch.tensor([0, 1, 2, 3]), "class indices must be from 0 to 2, got 0 to 3"),
        (torch.tensor([0, 1, 2, -1]), "class indices must be from 0 to 2, got -1 to 2"),
        (torch.tensor([0, 0, 2, 2]), r"no sample of class \[1\] among the 3 classes"),
        (torch.tensor([0, 1, 2]), "same number of samples, at least one, got 4 and 3"),
    ],
)
def test_wrong_labels_are_refused(y: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Logistic(in_features=2, out_features=3).fit(torch.randn(4, 2), y)


def test_wrong_inputs_are_refused() -> None:
    estimator = Logistic(in_features=3, out_features=2)
    with pytest.raises(ValueError, match=r"Logistic: expected x of shape \(B, 3\)"):
        estimator.fit(torch.zeros(2, 4), torch.tensor([0, 1]))
    x = torch.zeros(2, 3)
    x[0, 2] = torch.nan
    with pytest.raises(ValueError, match="Logistic: x has NaN or infinite values in column 2"):
        estimator.fit(x, torch.tensor([0, 1]))
