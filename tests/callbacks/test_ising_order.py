"""Codes that are known functions of the magnetisation, through a trainer."""

import math

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from torch.utils.data import TensorDataset

from mlsci.callbacks.ising_order import IsingOrder, best_code
from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError
from mlsci.models.base import Model
from mlsci.plots.ising_latent import IsingLatent
from mlsci.plots.outcome import DoesNotApply, Outcome

T = np.array([1.0, 2.0, 2.4, 3.0, 4.0])


class Lattices(Data):
    """4×4 spins whose magnetisation is spread most at T = 2.4."""

    def datasets(self):
        draw = torch.Generator().manual_seed(0)
        share = torch.tensor([0.05, 0.2, 0.4, 0.2, 0.05])[:, None] * torch.rand(5, 200, generator=draw)
        up = torch.rand(5, 200, 1, 4, 4, generator=draw) > share[..., None, None, None]
        x = (2.0 * up - 1).flatten(0, 1)
        part = TensorDataset(x, torch.zeros(len(x)))
        return {"train": part, "test": part, "sweep": part}

    def declare(self):
        return DataSpec(inputs=(1, 4, 4))

    def notes(self):
        return {"temperature": T.repeat(200), "critical_temperature": 2.3}


class Codes(Model):
    """Two codes: noise, and minus three times the magnetisation plus one."""

    def loss(self, batch):
        return batch[0].sum(), {}

    def scaled(self, x):
        return x

    def condition(self, y):
        return y

    def encode(self, x, condition):
        m = x.mean(dim=(1, 2, 3))
        return torch.stack([torch.sin(1e4 * (m + x[:, 0, 0, 0])), 1 - 3 * m], dim=1)


def judged(model, data):
    data.setup()
    trainer = Trainer(
        callbacks=[IsingOrder()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
    )
    trainer.test(model, datamodule=data, verbose=False)
    return {name: float(value) for name, value in trainer.callback_metrics.items()}


def test_the_code_that_follows_the_magnetisation_is_found():
    found = judged(Codes(), Lattices())
    assert found["test/latent_correlation"] == pytest.approx(1.0)
    assert 2.1 < found["test/latent_temperature"] < 2.7


def test_constant_codes_have_no_correlation():
    code, correlation = best_code(np.ones((5, 2)), np.arange(5.0))
    assert correlation == 0.0
    assert code.shape == (5,)


def test_a_model_without_codes_is_refused():
    class Plain(Model):
        def loss(self, batch):
            return batch[0].sum(), {}

    with pytest.raises(ConfigError, match="a Plain has no codes"):
        judged(Plain(), Lattices())


def test_the_figure_shows_the_best_code():
    data = Lattices()
    data.setup()
    x = data.split("sweep").tensors[0]
    codes = Codes().encode(x, None).numpy()
    given = {"inputs": None, "predictions": x.numpy(), "targets": x.numpy(), "notes": data.notes()}
    left, right = IsingLatent()(Outcome(**given, extras={"latent": codes})).axes[:2]
    shown = left.collections[0].get_offsets()
    np.testing.assert_allclose(shown[:, 1], codes[:, 1], rtol=1e-6)
    assert math.isclose(right.lines[0].get_xdata()[int(right.lines[0].get_ydata().argmax())], 2.4)
    with pytest.raises(DoesNotApply):
        IsingLatent()(Outcome(**given))
