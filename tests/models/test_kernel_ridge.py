"""Kernel ridge on delay vectors against scikit-learn's, as a forecast of known dynamics, and through its state."""

import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge as Reference

from mlsci.data.windows import cut
from mlsci.metrics.errors import SMAPE
from mlsci.models.kernel_ridge import KernelRidge
from mlsci.nets.transforms import SquareRoot


def waves(length: int, *, features: int = 1, first: float = 0.0) -> torch.Tensor:
    """Two incommensurate waves (length, features), far from zero."""
    time = first + 0.3 * np.arange(length)
    columns = [40 + 5 * np.sin(time + phase) + 2 * np.cos(1.37 * time - phase) for phase in range(features)]
    return torch.tensor(np.stack(columns, axis=1))


def windows(series: torch.Tensor, *, horizon: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    return cut(series, look_back=8, horizon=horizon, stride=1)


def estimator(*, features: int = 1, **options) -> KernelRidge:
    return KernelRidge(look_back=8, features=features, **{"horizon": 12, "penalties": (1e-6,), **options})


@pytest.mark.parametrize("features", [1, 2])
def test_the_next_value_is_that_of_scikit_learn(features):
    series = waves(90, features=features)
    ours = estimator(features=features, horizon=1, delays=(4,), widths=(1.5,), penalties=(1e-3,))
    ours.fit(*windows(series))
    mean, std = series.mean(0), series.std(0, correction=0)
    scaled = ((series - mean) / std).numpy()
    rows = np.stack([scaled[i : i + 4].ravel() for i in range(86)])
    gamma = 1 / (2 * 1.5**2 * 4 * features)  # |.|² is a mean over entries
    reference = Reference(kernel="rbf", gamma=gamma, alpha=1e-3).fit(rows, scaled[4:])
    new = waves(20, features=features, first=2.1)
    expected = reference.predict(((new[4:8] - mean) / std).numpy().reshape(1, -1)) * std.numpy() + mean.numpy()
    np.testing.assert_allclose(ours.predict(new[None, :8])[0], expected, rtol=1e-8)


@pytest.mark.parametrize("horizon", [1, 5])
def test_a_quasiperiodic_series_is_continued_whatever_the_training_horizon(horizon):
    series = waves(212)
    ours = estimator(delays=(6,), widths=(4.0,), penalties=(1e-9,))
    ours.fit(*windows(series[:200], horizon=horizon))
    assert len(ours.centres) == 200 - 6  # every value that is known is fitted
    found = ours.predict(series[None, 192:200])
    assert found.shape == (1, 12, 1)
    np.testing.assert_allclose(found[0], series[200:], atol=0.05)


def test_the_grid_is_searched_on_the_validation_windows():
    train, val = windows(waves(150)), windows(waves(60, first=31.0), horizon=12)
    ours = estimator(delays=(1, 6), widths=(0.01, 4.0), penalties=(1e-8, 1e2), score=SMAPE())
    ours.choose(train, val)
    ours.fit(*train)
    assert (ours.delays, float(ours.width), float(ours.penalty)) == (6, 4.0, 1e-8)
    plain = estimator(delays=(1, 6), widths=(0.01, 4.0), penalties=(1e-8, 1e2))
    plain.choose(train, val)
    assert plain.delays == 6


def test_choosing_looks_at_nothing_but_the_validation_score():
    train = windows(waves(150))
    noise = torch.randn(60, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 40
    ours = estimator(delays=(1, 6), widths=(4.0,), penalties=(1e-8, 1e2))
    ours.choose(train, windows(noise, horizon=12))
    ours.fit(*train)
    assert float(ours.penalty) == 1e2  # noise has no law: the flattest forecast is best


def test_a_choice_apart_knows_nothing_of_the_training_series():
    found = []
    for train in (waves(150), torch.randn(150, 1, dtype=torch.float64)):
        ours = estimator(delays=(1, 6), widths=(0.01, 4.0), penalties=(1e-8, 1e2), apart=True)
        ours.choose(windows(train), windows(waves(100, first=31.0), horizon=12))
        found.append((ours.delays, float(ours.width), float(ours.penalty)))
    assert found == [(6, 4.0, 1e-8)] * 2


def test_a_choice_apart_forecasts_the_end_of_the_validation_series_from_what_is_before():
    series = waves(100, first=31.0)
    ours = estimator(delays=(6,), apart=True)
    seen = []
    ours._judged = lambda forecast, truth, spread: seen.append((forecast, truth)) or 0.0
    ours.choose(windows(waves(150)), windows(series, horizon=12))
    ours.fit(*windows(series[:88]))
    forecast, truth = seen[0]
    assert torch.equal(truth[0], series[88:])
    torch.testing.assert_close(forecast, ours.predict(series[None, 80:88]))


def test_a_refit_is_a_fit_to_the_whole_known_series_with_what_was_chosen():
    series = waves(160)
    train, val = windows(series[:100]), windows(series[92:], horizon=12)
    ours, whole = (
        estimator(delays=(1, 6), widths=(4.0,), penalties=(1e-8, 1e2), refit=refit) for refit in (True, False)
    )
    ours.choose(train, val)
    ours.fit(*train)
    assert (ours.delays, float(ours.penalty)) == (6, 1e-8)
    whole.choose(train, val)
    whole.fit(*windows(series))
    assert torch.equal(ours.coefficients, whole.coefficients)
    assert len(ours.centres) == 160 - 6
    apart = windows(waves(60, first=99.0), horizon=12)
    with pytest.raises(ValueError, match="refit=true: the validation windows do not follow"):
        estimator(refit=True).choose(train, apart)
    with pytest.raises(ValueError, match="refit and apart: expected one of them"):
        estimator(refit=True, apart=True)


def test_a_transform_is_that_of_the_series():
    series = waves(90) - 30
    ours, roots = (estimator(delays=(4,), transform=transform) for transform in (SquareRoot(), None))
    ours.fit(*windows(series))
    roots.fit(*windows(series.sqrt()))
    new = waves(8, first=2.1)[None] - 30
    torch.testing.assert_close(ours.predict(new), roots.predict(new.sqrt()).square())


def test_the_state_is_loaded_whatever_its_size():
    first, second = (estimator(delays=(2, 5), widths=(2.0,)) for _ in range(2))
    first.choose(windows(waves(150)), windows(waves(60, first=31.0), horizon=12))
    first.fit(*windows(waves(150)))
    second.load_state_dict(first.state_dict())
    x = waves(8, first=5.0)[None]
    assert torch.equal(first.predict(x), second.predict(x))


def test_an_unfitted_estimator_answers_nan():
    assert estimator().predict(waves(8)[None]).isnan().all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delays": (9,)}, "9 delays do not fit into a past of 8 values"),
        ({"widths": (0.0,)}, "expected positive numbers"),
        ({"penalties": ()}, "expected positive numbers"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        estimator(**options)


def test_windows_that_are_further_apart_are_refused():
    x, y = cut(waves(90), look_back=8, horizon=1, stride=2)
    with pytest.raises(ValueError, match=r"one time step apart \(data\.stride=1"):
        estimator().fit(x, y)
