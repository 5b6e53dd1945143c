"""The classifier two-sample test, mode counts."""

import math
from dataclasses import dataclass

import pytest
import torch
from sklearn.metrics import roc_auc_score

from mlsci.metrics.samples.base import TooFewSamples
from mlsci.metrics.samples.folded import FoldedCNN, FoldedMLP
from mlsci.metrics.samples.modes import ModeCount
from mlsci.metrics.samples.two_sample import ClassifierTest, area_under_curve, training


def normal(n, *shape, seed):
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed))


def test_the_area_is_scikit_learn_s_with_ties():
    low, high = normal(2, 30, seed=0).round(decimals=1).double(), normal(2, 40, seed=1).round(decimals=1).double() + 0.5
    area, _ = area_under_curve(low, high)
    labels = [0] * 30 + [1] * 40
    assert area.tolist() == pytest.approx(
        [roc_auc_score(labels, torch.cat([low[i], high[i]]).tolist()) for i in range(2)]
    )


def test_the_error_of_the_area_is_its_spread():
    scores = normal(400, 100, seed=0).double()
    area, variance = area_under_curve(scores[:, :50], scores[:, 50:] + 0.5)
    assert float(area.std()) == pytest.approx(float(variance.mean().sqrt()), rel=0.12)


def test_a_fold_does_not_train_on_itself():
    x = torch.arange(3.0)[:, None].expand(3, 4)
    found, labels = training(x, torch.tensor([0.0, 0.0, 1.0, 1.0]))
    assert [sorted(set(row.tolist())) for row in found] == [[1.0, 2.0], [0.0, 2.0], [0.0, 1.0]]
    assert labels.tolist() == [0, 0, 1, 1] * 2


@pytest.mark.parametrize("hidden", [[], [32]])
def test_a_shift_gives_the_best_area_there_is(hidden):
    test = ClassifierTest(classifier=FoldedMLP(hidden=hidden, steps=100))
    found = test(normal(1500, 2, seed=1) + torch.tensor([1.0, 0.0]), normal(1500, 2, seed=2))
    exact = 0.5 * (1 + math.erf(0.5))  # Φ(1 / √2)
    assert found["auc"] == pytest.approx(exact, abs=3 * found["auc_stderr"] + 0.005)
    assert 0.005 < found["auc_stderr"] < 0.015


def test_equal_distributions_cannot_be_told_apart():
    test = ClassifierTest(classifier=FoldedMLP(hidden=[32], steps=60))
    found = test(normal(1000, 3, seed=1), normal(1200, 3, seed=2))
    assert abs(found["auc"] - 0.5) < 4 * found["auc_stderr"]
    with torch.inference_mode():
        assert test(normal(1000, 3, seed=1), normal(1200, 3, seed=2)) == found


def test_a_hidden_layer_sees_what_no_line_does():
    x, y = normal(800, 2, seed=1), normal(800, 2, seed=2) * torch.tensor([1.0, 2.0])
    assert ClassifierTest(classifier=FoldedMLP(hidden=[], steps=100))(x, y)["auc"] < 0.56
    assert ClassifierTest(classifier=FoldedMLP(hidden=[32], steps=300))(x, y)["auc"] > 0.65


def test_convolutions_see_correlations_of_pixels():
    white = normal(300, 1, 8, 8, seed=1)
    smooth = normal(300, 1, 8, 8, seed=2)
    smooth = (smooth + smooth.roll(1, -1)) / math.sqrt(2)
    test = ClassifierTest(classifier=FoldedCNN(channels=[4], steps=100, passes=50, batch_size=64), folds=2)
    assert test(smooth, white)["auc"] > 0.65
    same = test(normal(300, 1, 8, 8, seed=3), white)
    assert abs(same["auc"] - 0.5) < 4 * same["auc_stderr"]


def test_few_samples_are_named_and_fewer_refused():
    with pytest.warns(TooFewSamples, match="two-sample test, of each kind: 40 samples, needs at least 100"):
        ClassifierTest(classifier=FoldedMLP(hidden=[], steps=1))(normal(40, 2, seed=1), normal(60, 2, seed=2))
    with (
        pytest.warns(TooFewSamples),
        pytest.raises(ValueError, match="5 folds need 2 samples each, got 9"),
    ):
        ClassifierTest()(normal(9, 2, seed=1), normal(60, 2, seed=2))
    with pytest.raises(ValueError, match=r"FoldedCNN: expected samples \(N, channels, H, W\)"):
        ClassifierTest(classifier=FoldedCNN())(normal(200, 2, seed=1), normal(200, 2, seed=2))


@dataclass
class Square:
    centres: torch.Tensor
    std: float = 0.1


def test_modes_are_counted():
    square = Square(torch.tensor([[0.0, 0.0], [0.0, 4.0], [4.0, 0.0], [4.0, 4.0]]))
    which = torch.arange(4000) % 4
    truth = square.centres[which] + 0.1 * normal(4000, 2, seed=0)
    found = ModeCount(mixture=square)(truth, truth)
    assert found["found"] == 4
    assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.006)
    assert found["kl"] == pytest.approx(0.0, abs=1e-4)
    collapsed = ModeCount(mixture=square)(truth[which < 2], truth)
    assert collapsed["found"] == 2
    assert collapsed["kl"] == pytest.approx(math.log(2), abs=1e-3)
    with pytest.warns(TooFewSamples, match="mode count of 4 modes: 8 samples, needs at least 80"):
        ModeCount(mixture=square)(truth[:8], truth)
