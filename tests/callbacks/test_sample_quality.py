"""Samples beside the test part, through a trainer."""

import pytest
import torch
from lightning.pytorch import Trainer

from mlsci.callbacks.sample_quality import SampleQuality
from mlsci.data.known import Known
from mlsci.errors import ConfigError
from mlsci.metrics.samples.known_density import KnownDensity
from mlsci.metrics.samples.modes import ModeCount
from mlsci.metrics.samples.two_sample import ClassifierTest, FoldedMLP
from mlsci.models.base import Model
from mlsci.science.distributions.gaussian_grid import GaussianGrid

GRID = GaussianGrid(side=2, std=0.1)


class Perfect(Model):
    """Samples the grid; with `spoiled` a share of them is not finite."""

    def __init__(self, spoiled=0):
        super().__init__()
        self.spoiled = spoiled
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def loss(self, batch):
        return self.weight.sum(), {}

    def sample(self, n):
        found = GRID.sample(n, draw=torch.Generator().manual_seed(int(torch.randint(1000, (1,)))))[0].float()
        found[: self.spoiled] = torch.nan
        return found


class Told(Perfect):
    """Samples the mode that it is told."""

    def condition(self, y):
        return y

    def sample_as(self, condition):
        return GRID.centres[condition].float()


def judged(model, callback):
    data = Known(distribution=GRID, samples=4, val_samples=4, test_samples=400)
    data.setup()
    trainer = Trainer(
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
    )
    trainer.test(model, datamodule=data, verbose=False)
    return {name: float(value) for name, value in trainer.callback_metrics.items()}


def test_every_value_of_every_comparison_is_logged():
    comparisons = {
        "modes": ModeCount(mixture=GRID),
        "classifier": ClassifierTest(classifier=FoldedMLP(hidden=[8], steps=20)),
        "nll": KnownDensity(distribution=GRID),
        "none": None,
    }
    found = judged(Perfect(), SampleQuality(comparisons=comparisons))
    assert found["test/modes_found"] == 4
    assert abs(found["test/classifier_auc"] - 0.5) < 5 * found["test/classifier_auc_stderr"]
    assert found["test/nll_entropy"] == pytest.approx(GRID.entropy())
    assert found["test/nll_truth"] == pytest.approx(GRID.entropy(), abs=0.2)
    assert found["test/nll_samples"] == pytest.approx(GRID.entropy(), abs=0.2)
    assert found["test/finite_samples"] == 1.0
    assert "test/loss" in found


def test_a_model_with_conditions_is_told_the_targets_of_the_test_part():
    found = judged(Told(), SampleQuality(comparisons={"modes": ModeCount(mixture=GRID)}, samples=800))
    assert found["test/modes_kl"] < 0.01
    assert found["test/modes_high_quality"] == 1.0


def test_samples_that_are_not_finite_are_counted_and_left_out():
    with pytest.warns(RuntimeWarning, match="100 of 400 samples are not finite"):
        found = judged(Perfect(spoiled=100), SampleQuality(comparisons={"modes": ModeCount(mixture=GRID)}))
    assert found["test/finite_samples"] == 0.75
    assert found["test/modes_found"] == 4
    with pytest.warns(RuntimeWarning, match="400 of 400 samples are not finite"):
        assert judged(Perfect(spoiled=400), SampleQuality(comparisons={}))["test/finite_samples"] == 0.0


def test_a_model_that_cannot_sample_is_refused():
    class Plain(Model):
        def loss(self, batch):
            return batch[0].sum(), {}

    with pytest.raises(ConfigError, match="a Plain cannot sample"):
        judged(Plain(), SampleQuality(comparisons={}))
    with pytest.raises(ConfigError, match="samples: expected at least 1, got 0"):
        SampleQuality(comparisons={}, samples=0)
