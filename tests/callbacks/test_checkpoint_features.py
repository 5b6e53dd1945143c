"""Features of a net that was read from a checkpoint."""

import pytest
import torch
from torch import nn

from mlsci import checkpoint
from mlsci.callbacks.checkpoint_features import CheckpointFeatures
from mlsci.errors import ConfigError
from mlsci.metrics.samples.frechet import FrechetDistance


class Net(nn.Module):
    """Three values, doubled, to two classes."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4, bias=False)
        self.idle = nn.Identity()
        self.last = nn.Linear(4, 2)

    def predict(self, x):
        return self.last(torch.relu(self.first(2 * x)))


@pytest.fixture
def net(monkeypatch):
    made = Net()
    monkeypatch.setattr(checkpoint, "read", lambda path: {"path": path})
    monkeypatch.setattr(checkpoint, "model", lambda payload, trust: made)
    return made


def test_features_are_what_the_last_linear_layer_sees(net):
    x = torch.randn(1500, 3)
    found = CheckpointFeatures(path="a.ckpt")(x)
    torch.testing.assert_close(found, torch.relu(net.first(2 * x)).detach())
    torch.testing.assert_close(CheckpointFeatures(path="a.ckpt", layer="first")(x), 2 * x)


def test_metrics_take_them(net):
    x = torch.randn(200, 3)
    features = CheckpointFeatures(path="a.ckpt")
    assert FrechetDistance(features=features)(x, x)["squared"] == pytest.approx(0.0, abs=1e-5)
    assert FrechetDistance(features=features)(3 * x, x)["squared"] > 0.1


def test_a_layer_that_is_not_there_or_not_passed_is_refused(net):
    with pytest.raises(ConfigError, match=r"expected a layer of a\.ckpt, such as first, last"):
        CheckpointFeatures(path="a.ckpt", layer="none")(torch.randn(2, 3))
    with pytest.raises(ConfigError, match=r"features\.path: expected a checkpoint"):
        CheckpointFeatures()(torch.randn(2, 3))
    with pytest.raises(ConfigError, match="idle: the samples do not pass it"):
        CheckpointFeatures(path="a.ckpt", layer="idle")(torch.randn(2, 3))
