"""Linear models with one best answer: our weights beside scikit-learn's, and the CPU time of both fits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from sklearn import linear_model
from tabular_cases import Parts

from mlsci.models import weights
from mlsci.models.lasso import Lasso
from mlsci.models.linear_regression import LinearEstimator, LinearRegression
from mlsci.models.logistic import Logistic
from mlsci.models.ridge import Ridge

LEAST = 0.2  # CPU seconds that fits of one kind are repeated for


@dataclass(frozen=True)
class Pair:
    """One model in both packages.

    Args:
        classifies: whether it is for classes, or for values.
        mine: (features, outputs) -> our estimator.
        peer: scikit-learn's, asked for as exact an answer.
    """

    classifies: bool
    mine: Callable[[int, int], LinearEstimator]
    peer: Callable[[], Any]


PAIRS = {
    "least squares": Pair(
        False, lambda f, o: LinearRegression(in_features=f, out_features=o), linear_model.LinearRegression
    ),
    "ridge, α = 1": Pair(
        False, lambda f, o: Ridge(in_features=f, out_features=o, alpha=1.0), lambda: linear_model.Ridge(alpha=1.0)
    ),
    "lasso, α = σ/20": Pair(
        False,
        lambda f, o: Lasso(in_features=f, out_features=o, alpha=0.05),
        lambda: linear_model.Lasso(alpha=0.05, tol=1e-10, max_iter=100_000),
    ),
    "logistic, C = 1": Pair(
        True,
        lambda f, o: Logistic(in_features=f, out_features=o, C=1.0),
        lambda: linear_model.LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000),
    ),
}


def compare(pair: Pair, rows: Parts) -> tuple[float, float, float]:
    """The largest difference of a weight or bias, and CPU milliseconds of our fit and of theirs, medians in turns.

    Values are standardised, so that differences are in deviations.
    """
    x = torch.as_tensor(rows.train[0])
    y = torch.as_tensor(rows.train[1])
    if not rows.classes:
        y = y.double()
        y = (y - y.mean()) / y.std(correction=0)
    model = pair.mine(x.shape[1], rows.classes or 1)
    model.fit(x, y)
    found = weights.beside_peer(model, pair.peer(), x, y)
    arrays = x.numpy(), y.numpy()
    times: tuple[list[float], list[float]] = ([], [])
    while sum(times[0]) + sum(times[1]) < 2 * LEAST or len(times[0]) < 5:
        for spent, fit in zip(times, (lambda: model.fit(x, y), lambda: pair.peer().fit(*arrays)), strict=True):
            began = time.process_time()
            fit()
            spent.append(time.process_time() - began)
    mine, other = (1000 * float(torch.tensor(spent).median()) for spent in times)
    return max(found.values()), mine, other
