"""Probabilistic PCA beside scikit-learn, and at its maximum."""

import pytest
import torch
from sklearn.decomposition import PCA

from mlsci.errors import ConfigError
from mlsci.science.distributions.probabilistic_pca import ProbabilisticPCA, best_mean_log_prob, fit


@pytest.fixture
def rows():
    draw = torch.Generator().manual_seed(0)
    mix = torch.randn(3, 7, generator=draw, dtype=torch.float64)
    z = torch.randn(500, 3, generator=draw, dtype=torch.float64)
    return z @ mix + 0.3 * torch.randn(500, 7, generator=draw, dtype=torch.float64) + 2.0


def test_the_likelihood_by_eigenvalues_is_that_of_the_fit(rows):
    for latent in (1, 3, 6):
        assert best_mean_log_prob(rows, latent=latent) == pytest.approx(
            float(fit(rows, latent=latent).log_prob(rows).mean())
        )


def test_it_is_scikit_learn_s_apart_from_the_divisor(rows):
    theirs = PCA(n_components=3).fit(rows.numpy())
    ours = fit(rows, latent=3)
    torch.testing.assert_close(ours.covariance * 500 / 499, torch.from_numpy(theirs.get_covariance()))


def test_no_other_weights_or_noise_are_likelier(rows):
    best = fit(rows, latent=3)
    highest = float(best.log_prob(rows).mean())
    draw = torch.Generator().manual_seed(1)
    for scale in (1e-2, 1e-1):
        for _ in range(10):
            weight = best.weight + scale * torch.randn(7, 3, generator=draw, dtype=torch.float64)
            assert float(ProbabilisticPCA(best.mean, weight, best.variance).log_prob(rows).mean()) < highest
    for factor in (0.9, 1.1):
        other = ProbabilisticPCA(best.mean, best.weight, factor * best.variance)
        assert float(other.log_prob(rows).mean()) < highest


def test_as_many_latent_values_as_dimensions_are_refused(rows):
    with pytest.raises(ConfigError, match="latent: expected between 1 and 6, got 7"):
        fit(rows, latent=7)
    with pytest.raises(ConfigError, match="the data have 1 dimensions or fewer"):
        fit(rows[:, :1].repeat(1, 4), latent=1)
