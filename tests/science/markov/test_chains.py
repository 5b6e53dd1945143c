"""Chains beside distributions and autocorrelations that are known."""

import math

import pytest
import torch

from mlsci.errors import ConfigError
from mlsci.science.markov.autocorrelation import autocorrelation
from mlsci.science.markov.hmc import HMC
from mlsci.science.markov.independence import independence_chains


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_hmc_samples_a_normal_distribution_at_any_step():
    variance = torch.tensor([1.0, 4.0], dtype=torch.float64)
    found = HMC(step=0.7, leaps=4, burn_in=50, every=2).run(
        torch.zeros(300, 2, dtype=torch.float64),
        40,
        action=lambda x: (x.square() / variance / 2).sum(dim=1),
        force=lambda x: x / variance,
        draw=generator(),
    )
    assert found.states.shape == (40, 300, 2)
    of_chains = found.states.square().mean(dim=0)
    error = of_chains.std(dim=0) / math.sqrt(300)
    assert bool(((of_chains.mean(dim=0) - variance).abs() < 4 * error).all())
    assert 0.5 < float(found.acceptance.mean()) < 0.99


def test_a_mode_whose_half_period_is_a_trajectory_is_sampled_too():
    hmc = HMC(step=math.pi / 20, leaps=20, burn_in=60)
    start = torch.full((200, 1), 5.0, dtype=torch.float64)
    found = hmc.run(start, 20, action=lambda x: x.square().sum(dim=1) / 2, force=lambda x: x, draw=generator())
    assert float(found.states.square().mean()) == pytest.approx(1.0, abs=0.15)


def test_the_energy_is_kept_to_second_order_in_the_step():
    action, force = (lambda x: x.pow(4).sum(dim=1)), (lambda x: 4 * x.pow(3))
    x, p = torch.full((1, 1), 0.8, dtype=torch.float64), torch.full((1, 1), 0.3, dtype=torch.float64)
    drift = []
    for leaps in (10, 20, 40):
        at, momentum = HMC(step=1.0 / leaps)._leapfrog(x, p, force, leaps=leaps)
        drift.append(abs(float(action(at) + momentum.square().sum() / 2 - action(x) - p.square().sum() / 2)))
    assert math.log2(drift[0] / drift[1]) == pytest.approx(2, abs=0.15)
    assert math.log2(drift[1] / drift[2]) == pytest.approx(2, abs=0.1)


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="hmc: expected step > 0"):
        HMC(step=0.0)


@pytest.mark.parametrize("a", [0.0, 0.5, 0.9])
def test_the_autocorrelation_time_of_an_autoregression(a):
    draw, x, rows = generator(1), torch.zeros(50, dtype=torch.float64), []
    for _ in range(3000):
        x = a * x + math.sqrt(1 - a * a) * torch.randn(50, generator=draw, dtype=torch.float64)
        rows.append(x)
    found = autocorrelation(torch.stack(rows[200:]))
    exact = (1 + a) / (1 - a) / 2
    assert found.tau == pytest.approx(exact, abs=4 * found.stderr + 0.02)
    assert float(found.rho[1]) == pytest.approx(a, abs=0.01)


def test_a_constant_has_no_autocorrelation_time():
    assert math.isnan(autocorrelation(torch.ones(10, 2)).tau)


def test_a_chain_of_proposals_samples_the_target_and_not_the_proposal():
    draw = generator()
    y = 1.5 * torch.randn(2000, 40, generator=draw, dtype=torch.float64)
    log_weights = -y.square() / 2 + y.square() / (2 * 1.5**2)
    found = independence_chains(log_weights, draw=draw)
    chain = y.gather(0, found.at)
    assert float(chain.square().mean()) == pytest.approx(1.0, abs=0.02)
    assert 0.7 < found.acceptance < 0.9


def test_equal_weights_are_always_accepted_and_worthless_ones_never():
    found = independence_chains(torch.zeros(20, 3), draw=generator())
    assert found.acceptance == 1.0
    assert torch.equal(found.at[:, 0], torch.arange(20))
    weights = torch.full((20, 1), -1000.0)
    weights[0] = 0.0
    assert independence_chains(weights, draw=generator()).at.unique().tolist() == [0]
