"""Ridge on windows against scikit-learn's on the same rows, with and without an intercept."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge as Reference

from mlsci.data.windows import cut
from mlsci.models import window_ridge
from mlsci.models.window_ridge import WindowRidge


def made(length: int = 120, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    series = torch.randn(length, 3, generator=draw, dtype=torch.float64).cumsum(0) + torch.tensor([0.0, 5.0, -9.0])
    return cut(series, look_back=7, horizon=4, stride=1)


def rows(x: torch.Tensor, y: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """All windows and variables one below the other, less their last value."""
    last = x[:, -1:]
    return tuple((part - last).transpose(1, 2).flatten(0, 1).numpy() for part in (x, y))


@pytest.mark.parametrize("intercept", [False, True])
def test_the_forecast_is_that_of_scikit_learn(intercept, monkeypatch):
    monkeypatch.setattr(window_ridge, "ROWS", 50)  # so that the sums are put together
    x, y = made()
    ours = WindowRidge(look_back=7, horizon=4, penalties=(3.0,), intercept=intercept)
    ours.fit(x, y)
    reference = Reference(alpha=3.0, fit_intercept=intercept).fit(*rows(x, y))
    new, _ = made(seed=1)
    expected = reference.predict(rows(new, new)[0]).reshape(len(new), 3, 4).transpose(0, 2, 1) + new[:, -1:].numpy()
    np.testing.assert_allclose(ours.predict(new), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("intercept", [False, True])
def test_the_penalty_is_the_best_one_of_the_validation_windows(intercept):
    train, val = made(60), made(80, seed=2)
    grid = (0.1, 10.0, 1e3, 1e5)
    errors = []
    for penalty in grid:
        reference = Reference(alpha=penalty, fit_intercept=intercept).fit(*rows(*train))
        x, y = rows(*val)
        errors.append(np.mean((reference.predict(x) - y) ** 2))
    ours = WindowRidge(look_back=7, horizon=4, penalties=grid, intercept=intercept)
    ours.choose(train, val)
    assert float(ours.penalty) == grid[int(np.argmin(errors))]
    found = [
        float(window_ridge._error(*solution, ours._sums(*val))) / 4
        for solution in ours._solutions(ours._sums(*train), grid)
    ]
    np.testing.assert_allclose(found, errors, rtol=1e-9)


def test_a_shifted_past_has_a_shifted_forecast():
    ours = WindowRidge(look_back=7, horizon=4)
    ours.fit(*made())
    x, _ = made(seed=3)
    torch.testing.assert_close(ours.predict(x + 11.0), ours.predict(x) + 11.0)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"expected pasts \(N, 7, F\) and futures \(N, 5, F\), got"):
        WindowRidge(look_back=7, horizon=5).fit(*made())
    with pytest.raises(ValueError, match="expected positive penalties"):
        WindowRidge(look_back=7, horizon=4, penalties=(0.0,))
    assert WindowRidge(look_back=7, horizon=4).predict(made()[0]).isnan().all()
