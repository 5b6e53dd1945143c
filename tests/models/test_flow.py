"""Flows fitted to data and to an action, beside exact answers."""

import math
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from mlsci.models.flow import Flow
from mlsci.nets.condition import Values
from mlsci.nets.flows.base import DiagonalNormal
from mlsci.nets.flows.coupling import CouplingFlow
from mlsci.nets.flows.spectral import SpectralFlow
from mlsci.nets.mlp import MLP
from mlsci.nets.scaling import Standardise

NET = partial(MLP, in_features=1, out_features=1, hidden=16, layers=1)
COUPLING = partial(CouplingFlow, net=NET, layers=4)


def train(model: Flow, batch: tuple[Tensor, Tensor], *, steps: int, lr: float) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss(batch)[0].backward()
        optimizer.step()
        schedule.step()


def test_a_gaussian_field_is_learned_to_its_entropy() -> None:
    torch.manual_seed(0)
    k = torch.fft.fftfreq(8).abs()
    gain = (1 + 30 * k.square()).rsqrt()
    field = torch.fft.ifft(torch.fft.fft(torch.randn(3000, 1, 8)) * gain).real * 5 + 3
    model = Flow(shape=[1, 8], flow=SpectralFlow, inputs=Standardise(mean=3.0, std=5.0))
    train(model, (field, field), steps=100, lr=0.05)
    entropy = 4 * math.log(2 * math.pi * math.e) + float((5 * gain).log().sum())
    with torch.no_grad():
        found = float(model.judged((field, field))[1]["nll"])
        samples = model.sample(3000)
    assert abs(found - entropy) < 0.1
    assert abs(float(samples.std() / field.std()) - 1) < 0.03
    assert model.predict(field).shape == (3000, 1)


def test_densities_of_samples_are_those_of_log_prob() -> None:
    torch.manual_seed(0)
    base = partial(DiagonalNormal)
    condition = Values(shape=[2])
    model = Flow(shape=[3], flow=COUPLING, base=base, inputs=Standardise(mean=1.0, std=2.0), condition=condition)
    with torch.no_grad():
        model.base.log_std.copy_(torch.randn(3))
        told = condition(torch.randn(50, 2))
        x, log_prob = model.sample_with_log_prob(told)
        torch.testing.assert_close(model.log_prob(x, told), log_prob, atol=1e-4, rtol=1e-4)
        assert model.sample(4, "0.3,1.5").shape == (4, 3)


def test_an_action_is_learned_without_data() -> None:
    torch.manual_seed(0)

    def action(x: Tensor) -> Tensor:
        return 0.5 * ((x[:, 0] - 1) / 2).square() + 0.5 * (x[:, 1] - 0.5 * x[:, 0].square()).square()

    model = Flow(shape=[2], flow=COUPLING, action=action, draws=10_000)
    train(model, (torch.zeros(128, 2), torch.zeros(128)), steps=200, lr=0.02)
    found = model.final_metrics(SimpleNamespace())
    assert found["test/ess"] > 0.4
    assert abs(found["test/log_z"] - math.log(2 * math.pi * 2)) < 4 * found["test/log_z_stderr"] + 0.01
    assert 0.3 < found["test/acceptance"] <= 1
    assert found["test/autocorrelation_time"] < 10
    assert set(model.judged((torch.zeros(5, 2), torch.zeros(5)))[1]) == {"ess", "nll"}


def test_too_small_an_effective_sample_size_is_said() -> None:
    model = Flow(shape=[2], flow=COUPLING, action=lambda x: 400 * (x - 3).square().sum(dim=1), draws=10_000)
    with pytest.warns(RuntimeWarning, match=r"effective sample size .* of 10000 samples"):
        model.final_metrics(SimpleNamespace())
