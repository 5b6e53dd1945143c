"""Weights beside true ones and beside scikit-learn's."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as SkRidge

from mlsci.models.lasso import Lasso
from mlsci.models.logistic import Logistic
from mlsci.models.ridge import Ridge
from mlsci.models.weights import beside_peer, beside_truth


def test_the_lasso_finds_a_sparse_truth_from_fewer_samples_than_features() -> None:
    torch.manual_seed(0)
    truth = torch.zeros(1, 60, dtype=torch.float64)
    truth[0, ::20] = 2.0
    x = torch.randn(40, 60, dtype=torch.float64)
    model = Lasso(in_features=60, out_features=1, alpha=0.001)
    model.fit(x, x @ truth.T)
    found = beside_truth(model, truth)
    assert found["test/weight_error"] < 0.01
    assert found["test/nonzero"] == 3
    assert found["test/true_weight_mean"] == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_peer_with_another_penalty_is_seen(classes: int) -> None:
    torch.manual_seed(0)
    x, y = torch.randn(60, 4, dtype=torch.float64), torch.arange(60) % classes
    model = Logistic(in_features=4, out_features=classes)
    model.fit(x, y)
    for penalty, near in ((1.0, True), (0.5, False)):
        peer = LogisticRegression(C=penalty, solver="newton-cholesky", tol=1e-12)
        found = beside_peer(model, peer, x, y)
        assert (found["test/weight_difference"] < 1e-8) is near
        assert (found["test/bias_difference"] < 1e-8) is near


def test_a_regression_has_a_peer_too() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(30, 3, dtype=torch.float64), torch.randn(30, 1, dtype=torch.float64)
    model = Ridge(in_features=3, out_features=1, alpha=2.0)
    model.fit(x, y)
    found = beside_peer(model, SkRidge(alpha=2.0), x, y)
    assert max(found.values()) < 1e-10
