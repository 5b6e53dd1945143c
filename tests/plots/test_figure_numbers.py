"""The numbers that figures show, against values worked out by hand or by scikit-learn."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, roc_auc_score

from mlsci.plots.calibration import Reliability, calibration_bins, expected_error
from mlsci.plots.confusion import ConfusionMatrix, count_pairs
from mlsci.plots.mistakes import Mistakes
from mlsci.plots.outcome import Outcome
from mlsci.plots.parity import Parity
from mlsci.plots.redshift import PhotoZ, nmad
from mlsci.plots.residuals import Residuals
from mlsci.plots.roc import PrecisionRecall, average_precision, threshold_curves


def binary(score: list[float], labels: list[int]) -> Outcome:
    score_ = np.array(score)
    predictions = np.stack([1 - score_, score_], axis=1)
    return Outcome(inputs=np.zeros((len(labels), 1, 4, 4)), predictions=predictions, targets=np.array(labels))


def all_text(figure: Figure) -> str:
    texts = [text.get_text() for axes in figure.axes for text in (*axes.texts, axes.title)]
    return "\n".join([*texts, *(text.get_text() for text in figure.texts), figure.get_suptitle()])


def test_confusion_counts_true_by_row() -> None:
    counts = count_pairs(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), classes=3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert "accuracy 75.00 % of 4 samples" in all_text(ConfusionMatrix()(binary([0.1, 0.9, 0.9, 0.2], [0, 1, 0, 0])))


def test_mistakes_are_ordered_by_confidence() -> None:
    figure = Mistakes(count=2)(binary([0.9, 0.7, 0.95, 0.8], [0, 0, 1, 0]))
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["0 → 1\nprobability 0.90", "0 → 1\nprobability 0.80"]
    assert "3 of 4 are wrong" in all_text(figure)


def test_no_mistakes_are_said_so() -> None:
    assert "none of 2 pictures" in all_text(Mistakes()(binary([0.1, 0.9], [0, 1])))


@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 50), (2, 1, 8, 1), (3, 1, 8, 8)])
def test_mistakes_refuse_what_is_no_picture_by_its_shape(shape: tuple[int, ...]) -> None:
    outcome = Outcome(inputs=np.zeros(shape), predictions=np.full((2, 2), 0.5), targets=np.array([0, 1]))
    with pytest.raises(ValueError, match=re.escape(f"height, width), got shape {shape}")):
        Mistakes()(outcome)


def test_mistakes_refuse_missing_inputs() -> None:
    with pytest.raises(ValueError, match="got none"):
        Mistakes()(Outcome(inputs=None, predictions=np.full((2, 2), 0.5), targets=np.array([0, 1])))


def test_expected_calibration_error_of_two_bins() -> None:
    confidence, correct = np.array([0.6, 0.6, 0.9, 1.0]), np.array([True, False, True, True])
    bins = calibration_bins(confidence, correct, bins=10)
    assert bins[0].tolist() == [0, 0, 0, 0, 0, 0, 2, 0, 0, 2]
    assert expected_error(*bins) == pytest.approx(0.5 * 0.1 + 0.5 * 0.05)
    assert "ECE 0.075" in all_text(Reliability(bins=10)(binary([0.6, 0.6, 0.9, 1.0], [1, 0, 1, 1])))


@pytest.mark.parametrize("digits", [1, 2, 8])
def test_precision_recall_and_roc_agree_with_scikit_learn(digits: int) -> None:
    random = np.random.default_rng(digits)
    labels = random.integers(0, 2, 200)
    score = np.round((0.5 * labels + random.uniform(size=200)) / 1.5, digits)  # few digits: many ties
    recall, alarms, precision = threshold_curves(score, labels == 1)
    assert average_precision(recall, precision) == pytest.approx(average_precision_score(labels, score))
    assert np.trapezoid(recall, alarms) == pytest.approx(roc_auc_score(labels, score))
    figure = PrecisionRecall()(binary(score.tolist(), labels.tolist()))
    assert f"average precision {average_precision_score(labels, score):.3f}" in all_text(figure)


def test_precision_recall_needs_two_classes_with_samples() -> None:
    with pytest.raises(ValueError, match="got 2 positive of 2"):
        PrecisionRecall()(binary([0.1, 0.9], [1, 1]))
    three = Outcome(inputs=None, predictions=np.full((3, 3), 1 / 3), targets=np.arange(3))
    with pytest.raises(ValueError, match="expected 2 classes and positive 0 or 1, got 3 classes"):
        PrecisionRecall()(three)


def test_parity_states_its_errors_in_the_unit() -> None:
    outcome = Outcome(
        inputs=None,
        predictions=np.array([[1.0], [2.0], [7.0]]),
        targets=np.array([[1.0], [2.0], [3.0]]),
        target_names=("gap",),
        units={"gap": "eV"},
    )
    figure = Parity()(outcome)
    assert "RMSE 2.31 eV\nMAE 1.33 eV" in all_text(figure)
    assert figure.axes[0].get_xlabel() == "true value (eV)"


def test_an_outlier_is_counted_and_hides_nothing() -> None:
    target = np.linspace(0, 1, 1000)
    prediction = target.copy()
    prediction[500] = 1e6
    outcome = Outcome(inputs=None, predictions=prediction, targets=target)
    for figure in (Parity()(outcome), Residuals()(outcome)):
        assert "1 outside" in all_text(figure)
        assert figure.axes[0].get_xlim()[1] < 10


def test_residuals_are_prediction_minus_target() -> None:
    outcome = Outcome(inputs=None, predictions=np.array([2.0, 4.0]), targets=np.array([1.0, 1.0]))
    assert "bias 2\nsd 1" in all_text(Residuals()(outcome))


def test_nmad_of_a_gaussian_is_its_deviation() -> None:
    assert nmad(np.random.default_rng(0).normal(3, 2, 100_000)) == pytest.approx(2, rel=0.01)


def test_photo_z_scores() -> None:
    truth = np.full(1000, 1.0)
    predicted = truth + np.repeat([0.0, 0.2], [900, 100])  # 0.2 / (1 + 1) = 0.1 is an outlier
    text = all_text(PhotoZ()(Outcome(inputs=None, predictions=predicted, targets=truth)))
    assert "outliers 10.00 %" in text
    assert "bias 1.0e-02" in text


def test_photo_z_wants_one_redshift() -> None:
    with pytest.raises(ValueError, match="expected one target above -1, got 2 targets"):
        PhotoZ()(Outcome(inputs=None, predictions=np.ones((3, 2)), targets=np.ones((3, 2))))
