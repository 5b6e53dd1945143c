"""Metrics against closed forms and scikit-learn, in one batch and in several."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from mlsci.metrics.accuracy import Accuracy
from mlsci.metrics.auc import ROCAUC
from mlsci.metrics.balanced_accuracy import BalancedAccuracy
from mlsci.metrics.errors import MAE, MSE, R2, RMSE, SMAPE
from mlsci.metrics.f1 import F1
from mlsci.metrics.redshift import OutlierFraction, SigmaNMAD


def measured(metric, predictions, targets, *, batch: int | None = None) -> float:
    """The value of a metric, fed in batches."""
    size = batch or len(targets)
    for p, t in zip(torch.as_tensor(predictions).split(size), torch.as_tensor(targets).split(size), strict=True):
        metric.update(p, t)
    return float(metric.compute())


@pytest.fixture(scope="module")
def values() -> tuple[np.ndarray, np.ndarray]:
    """Two columns of predictions and targets."""
    draw = np.random.default_rng(0)
    targets = draw.normal(3, 2, (101, 2))
    return targets + draw.normal(0, 0.5, (101, 2)), targets


@pytest.fixture(scope="module")
def classes() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of two classes, rounded so that there are ties, and labels."""
    draw = np.random.default_rng(1)
    labels = (draw.uniform(size=203) < 0.3).astype(np.int64)
    score = np.clip(0.25 + 0.3 * labels + draw.normal(0, 0.2, 203), 0, 1).round(1)
    return np.stack([1 - score, score], axis=1), labels


@pytest.mark.parametrize("batch", [None, 1, 17])
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (MSE, reference.mean_squared_error),
        (MAE, reference.mean_absolute_error),
        (R2, reference.r2_score),
        (RMSE, lambda t, p: math.sqrt(reference.mean_squared_error(t, p))),
        (SMAPE, lambda t, p: 100 * np.mean(2 * np.abs(p - t) / (np.abs(p) + np.abs(t)))),
    ],
)
def test_errors_of_regression(metric, expected, batch, values):
    predictions, targets = values
    assert measured(metric(), predictions, targets, batch=batch) == pytest.approx(
        expected(targets, predictions), rel=1e-9
    )


@pytest.mark.parametrize("batch", [None, 1, 17])
def test_accuracy_f1_and_auc_are_those_of_scikit_learn(batch, classes):
    predictions, labels = classes
    said = predictions.argmax(1)
    assert measured(Accuracy(), predictions, labels, batch=batch) == pytest.approx(
        reference.accuracy_score(labels, said)
    )
    assert measured(F1(), predictions, labels, batch=batch) == pytest.approx(reference.f1_score(labels, said))
    assert measured(F1(positive=0), predictions, labels, batch=batch) == pytest.approx(
        reference.f1_score(labels, said, pos_label=0)
    )
    balanced = measured(BalancedAccuracy(), predictions, labels, batch=batch)
    assert balanced == pytest.approx(reference.balanced_accuracy_score(labels, said))
    assert balanced == pytest.approx(reference.roc_auc_score(labels, said))  # of hard answers
    expected = reference.roc_auc_score(labels, predictions[:, 1])
    assert measured(ROCAUC(), predictions, labels, batch=batch) == pytest.approx(expected, rel=1e-12)


def test_auc_by_hand():
    scores = np.array([0.1, 0.4, 0.4, 0.8])
    predictions = np.stack([1 - scores, scores], axis=1)
    assert measured(ROCAUC(), predictions, np.array([0, 0, 1, 1])) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert math.isnan(measured(ROCAUC(), predictions, np.array([1, 1, 1, 1])))


def test_f1_by_hand_and_without_positives():
    predictions = torch.tensor([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    assert measured(F1(), predictions, torch.tensor([1, 0, 1, 0])) == pytest.approx(0.5)  # TP 1, FP 1, FN 1
    assert measured(F1(), torch.tensor([[1.0, 0.0]]), torch.tensor([0])) == 0.0


def test_sigma_nmad_by_hand():
    z = torch.tensor([[0.0], [1.0], [1.0], [3.0], [0.0]], dtype=torch.float64)
    delta = torch.tensor([[-0.2], [-0.1], [0.0], [0.3], [0.9]], dtype=torch.float64)
    predictions = z + delta * (1 + z)  # so Δz is delta; median 0, |Δz| = 0.2 0.1 0 0.3 0.9, their median 0.2
    assert measured(SigmaNMAD(), predictions, z, batch=2) == pytest.approx(1.4826 * 0.2)


def test_sigma_nmad_takes_the_offset_out_and_the_mean_of_the_middle_two():
    z = torch.zeros(4, 1, dtype=torch.float64)
    delta = torch.tensor([[1.0], [1.1], [1.3], [1.7]], dtype=torch.float64)
    # median 1.2; deviations 0.2 0.1 0.1 0.5, their median 0.15
    assert measured(SigmaNMAD(), z + delta, z) == pytest.approx(1.4826 * 0.15)


def test_sigma_nmad_of_a_gaussian_is_its_width():
    draw = torch.randn(200_001, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z = torch.full_like(draw, 0.5)
    assert measured(SigmaNMAD(), z + 0.02 * draw * 1.5, z) == pytest.approx(0.02, rel=0.01)


def test_outliers_are_counted_against_one_plus_z():
    z = torch.tensor([[0.0], [1.0], [1.0], [1.0]], dtype=torch.float64)
    predictions = z + torch.tensor([[0.06], [0.08], [-0.12], [0.0]], dtype=torch.float64)
    assert measured(OutlierFraction(threshold=0.05), predictions, z) == 0.5


def test_smape_is_zero_where_both_are_zero():
    assert measured(SMAPE(), torch.zeros(3, 1), torch.zeros(3, 1)) == 0.0
    assert measured(SMAPE(), torch.ones(3, 1), torch.zeros(3, 1)) == 200.0


def test_single_precision_does_not_lose_digits():
    targets = torch.full((10_000, 1), 1000.0)
    predictions = targets + 0.25
    assert measured(RMSE(), predictions, targets, batch=64) == pytest.approx(0.25, rel=1e-7)


@pytest.mark.parametrize("metric", [Accuracy, F1, ROCAUC, MAE, MSE, RMSE, SMAPE, R2, SigmaNMAD, OutlierFraction])
def test_reset_forgets(metric, classes, values):
    predictions, targets = classes if metric in (Accuracy, F1, ROCAUC) else values
    one = metric()
    first = measured(one, predictions, targets)
    one.reset()
    assert measured(one, predictions[:50], targets[:50]) == measured(metric(), predictions[:50], targets[:50])
    one.reset()
    assert measured(one, predictions, targets) == first
