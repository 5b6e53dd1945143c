"""Metrics of forecasts by hand, and sMAPE against every published score of the dysts benchmark."""

import gzip
import json
import math
import statistics

import pytest
import torch

from mlsci.metrics.errors import SMAPE
from mlsci.metrics.forecast import NMSE, ValidTime


@pytest.mark.parametrize(("points", "scored", "median"), [(15, 29, 50.62), (100, 199, 67.70)])
def test_smape_is_that_of_the_published_forecasts(points, scored, median, shared_data):
    name = f"results_test_univariate__pts_per_period_{points}__periods_12.json.gz"
    path = shared_data / "dysts" / name
    if not path.is_file():
        pytest.skip(f"no published forecasts in {path}")
    with gzip.open(path, "rt") as stream:
        published = json.load(stream)
    assert len(published) == 131
    first, ours = True, {}
    for found in published.values():
        truth = torch.tensor(found.pop("values"), dtype=torch.float64)
        forecasts = torch.tensor([entry["prediction"] for entry in found.values()], dtype=torch.float64)
        assert len(truth) == scored
        assert forecasts.shape[1] == scored + 1  # one point more was forecast than scored
        scores = SMAPE().error(forecasts[:, :-1], truth).mean(1)
        theirs = torch.tensor([entry["smape"] for entry in found.values()], dtype=torch.float64)
        torch.testing.assert_close(scores, theirs, rtol=1e-12, atol=0)
        for method, score, forecast in zip(found, scores.tolist(), forecasts, strict=True):
            ours.setdefault(method, []).append(score)
            if first:
                metric = SMAPE()
                metric.update(forecast[None, :-1, None], truth[None, :, None])
                assert float(metric.compute()) == pytest.approx(score, rel=1e-12)
        first = False
    assert statistics.median(ours["NBEATSModel"]) == pytest.approx(median, abs=0.005)


def test_nmse_is_1_for_the_mean_and_takes_a_fixed_variance():
    truth = torch.tensor([[[1.0], [2.0]], [[3.0], [6.0]]])  # mean 3, variance 3.5
    for variance, expected in ((None, 1.0), (7.0, 0.5)):
        metric = NMSE(variance=variance)
        for row in truth.split(1):
            metric.update(torch.full_like(row, 3.0), row)
        assert float(metric.compute()) == pytest.approx(expected)
    with pytest.raises(ValueError, match="variance must be positive, got 0"):
        NMSE(variance=0)


def test_valid_time_by_hand():
    truth = torch.zeros(3, 5, 2)
    forecast = torch.zeros(3, 5, 2)
    forecast[0, 2] = torch.tensor([3.0, 4.0])  # error 5 at the third value: two are valid
    forecast[0, 4] = 0.0  # and what comes right again later does not count
    forecast[1, 0, 0] = math.nan
    metric = ValidTime(step=0.5, lyapunov_time=2.0, std=[6.0, 8.0], threshold=0.4)  # 0.4 · 10 = 4
    metric.update(forecast[:1], truth[:1])
    metric.update(forecast[1:], truth[1:])
    assert float(metric.compute()) == pytest.approx((2 + 0 + 5) / 3 * 0.5 / 2.0)


@pytest.mark.parametrize(("size", "valid"), [(3.9, 5), (4.1, 0)])
def test_the_threshold_counts_in_deviations_of_all_variables(size, valid):
    metric = ValidTime(step=1.0, lyapunov_time=1.0, std=[6.0, 8.0], threshold=0.4)
    metric.update(torch.full((1, 5, 1), size) * torch.tensor([1.0, 0.0]), torch.zeros(1, 5, 2))
    assert float(metric.compute()) == valid


def test_an_error_that_grows_exponentially_stays_valid_for_its_logarithm():
    step, rate, first = 0.01, 0.9, 1e-4
    time = step * torch.arange(1, 3001)
    metric = ValidTime(step=step, lyapunov_time=1 / rate, threshold=0.4)
    metric.update((first * torch.exp(rate * time))[None, :, None], torch.zeros(1, 3000, 1))
    assert float(metric.compute()) == pytest.approx(math.log(0.4 / first), abs=0.01)


def test_times_must_be_positive():
    with pytest.raises(ValueError, match=r"must be positive, got 0\.1, -1 and 0\.4"):
        ValidTime(step=0.1, lyapunov_time=-1)
