"""Importance weights of known distributions."""

import math
import warnings

import pytest
import torch
from torch.distributions import Normal

from mlsci.metrics.importance import effective_sample_size, importance_nll, normalisation
from mlsci.metrics.samples.base import TooFewSamples


def test_equal_weights_count_in_full_and_one_weight_once():
    assert float(effective_sample_size(torch.full((50,), 700.0))) == pytest.approx(1.0)
    assert float(effective_sample_size(torch.tensor([1000.0, 0.0, 0.0, 0.0]))) == pytest.approx(0.25)
    w = torch.tensor([0.5, 1.0, 2.0])
    assert float(effective_sample_size(w.log())) == pytest.approx(float(w.sum() ** 2 / (3 * w.square().sum())))


def test_the_normalisation_of_a_gaussian_integral():
    draw = torch.Generator().manual_seed(0)
    q = Normal(0.0, 1.2)
    x = 1.2 * torch.randn(40_000, generator=draw)
    found = normalisation(-x.square() / 2 - q.log_prob(x))
    assert abs(found.log_z - math.log(2 * math.pi) / 2) < 4 * found.stderr
    s = 1.2**2
    assert found.share == pytest.approx(math.sqrt(2 * s - 1) / s, rel=0.01)  # 1 / E_q (p/q)²
    assert found.stderr == pytest.approx(math.sqrt((1 / found.share - 1) / 40_000))


def test_few_weights_are_named():
    with pytest.warns(TooFewSamples, match="effective sample size: 100 samples, needs at least 10000"):
        normalisation(torch.zeros(100))


def test_the_nll_of_a_linear_gaussian_model_is_exact():
    """x = z + noise, p(x) = N(0, 2), with a proposal wider than the posterior N(x/2, 1/2)."""
    draw = torch.Generator().manual_seed(0)
    x = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)
    q = Normal(x / 2, torch.tensor(1.0, dtype=torch.float64))
    z = x / 2 + torch.randn(20_000, 3, generator=draw, dtype=torch.float64)
    weights = Normal(0.0, 1.0).log_prob(z) + Normal(z, 1.0).log_prob(x) - q.log_prob(z)
    exact = -Normal(0.0, math.sqrt(2.0)).log_prob(x)
    torch.testing.assert_close(importance_nll(weights), exact, atol=0.02, rtol=0)


def test_a_nll_that_rests_on_one_draw_is_named():
    weights = torch.zeros(100, 4)
    weights[0] = 500.0
    with pytest.warns(TooFewSamples, match="effective draws: 1 samples, needs at least 2"):
        importance_nll(weights)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert importance_nll(torch.zeros(1, 4)).tolist() == [0.0] * 4
