"""Samples of known distributions as data."""

import pytest
import torch

from mlsci.data.known import Known
from mlsci.errors import ConfigError, DownloadError
from mlsci.science.distributions.gaussian_field import GaussianField
from mlsci.science.distributions.gaussian_grid import GaussianGrid
from mlsci.science.distributions.power_law import PowerLaw
from mlsci.science.lattice.phi4 import Phi4
from mlsci.science.markov.hmc import HMC

FIELD = GaussianField(side=8, spectrum=PowerLaw(), amplitude=[0.5, 2.0])
LATTICE = Phi4(side=4, chains=20, hmc=HMC(burn_in=20))


@pytest.mark.parametrize("distribution", [FIELD, LATTICE, GaussianGrid()])
def test_parts_are_independent_samples_of_the_same_distribution(distribution):
    data = Known(distribution=distribution, samples=60, val_samples=20, test_samples=40)
    data.setup()
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [60, 20, 40]
    x, label = data.split("test").tensors
    assert x.shape[1:] == data.spec.inputs == distribution.shape
    assert label.shape[1:] == data.spec.targets
    assert x.dtype == torch.float32
    train = data.split("train").tensors[0]
    assert float(torch.cdist(x.flatten(1), train.flatten(1)).min()) > 0
    moments = data.spec.statistics["inputs"]
    assert moments["std"] == pytest.approx(float(train.std()), rel=1e-5)
    again = Known(distribution=distribution, samples=60, val_samples=20, test_samples=40)
    again.setup()
    assert torch.equal(again.split("train").tensors[0], train)
    other = Known(distribution=distribution, samples=60, val_samples=20, test_samples=40, sampling_seed=1)
    other.setup()
    assert not torch.equal(other.split("train").tensors[0], train)


def test_labels_of_modes_are_classes_and_amplitudes_are_values():
    grid = Known(distribution=GaussianGrid(), samples=30, val_samples=2, test_samples=2)
    grid.setup()
    assert grid.split("train").tensors[1].dtype == torch.int64
    assert len(grid.spec.classes) == 25
    fields = Known(distribution=FIELD, samples=30, val_samples=2, test_samples=2)
    fields.setup()
    A = fields.split("train").tensors[1]
    assert float(A.min()) >= 0.5
    assert float(A.max()) <= 2.0
    assert fields.spec.statistics["targets"]["mean"] == pytest.approx(float(A.mean()))


def test_made_up_counts_take_the_place_of_configured_ones(tmp_path):
    Known(distribution=FIELD).fake(tmp_path)
    assert Known(distribution=FIELD, files=str(tmp_path)).test_samples == 100
    with pytest.raises(DownloadError, match="no such file"):
        Known(distribution=FIELD, files=str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="expected at least 2 each, got 1, 1000 and 5000"):
        Known(distribution=FIELD, samples=1)
