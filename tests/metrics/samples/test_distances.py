"""Distances of two sets of samples beside closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from mlsci.metrics.samples.base import TooFewSamples
from mlsci.metrics.samples.coverage import PrecisionRecall
from mlsci.metrics.samples.energy import EnergyDistance
from mlsci.metrics.samples.frechet import FrechetDistance, frechet
from mlsci.metrics.samples.mmd import MMD, KernelDistance
from mlsci.metrics.samples.pairs import unbiased
from mlsci.metrics.samples.wasserstein import SlicedWasserstein, on_a_line


def normal(n, d, *, seed, mean=0.0, std=1.0):
    draw = torch.Generator().manual_seed(seed)
    return mean + std * torch.randn(n, d, generator=draw, dtype=torch.float64)


@pytest.mark.parametrize("sizes", [(40, 40), (40, 25), (7, 30)])
def test_wasserstein_on_a_line_is_scipy_s(sizes):
    x, y = normal(sizes[0], 3, seed=1), normal(sizes[1], 3, seed=2, mean=0.5)
    expected = [stats.wasserstein_distance(x[:, i].numpy(), y[:, i].numpy()) for i in range(3)]
    np.testing.assert_allclose(on_a_line(x, y, order=1), expected)


@pytest.mark.parametrize("sizes", [(60, 60), (60, 90)])
def test_a_shift_is_its_own_wasserstein_distance(sizes):
    base = normal(30, 1, seed=0)
    x, y = base.repeat(sizes[0] // 30, 1), base.repeat(sizes[1] // 30, 1) + 0.7
    assert float(on_a_line(x, y, order=2)) == pytest.approx(0.49)


def test_sliced_distances_of_a_shift_are_those_of_its_projections():
    x = normal(200, 3, seed=0)
    found = SlicedWasserstein(directions=4000)(x + torch.tensor([0.0, 2.0, 0.0]), x)
    assert found["2"] == pytest.approx(2 / math.sqrt(3), rel=0.02)  # E cos² = 1/3, E |cos| = 1/2 on the sphere
    assert found["1"] == pytest.approx(1.0, rel=0.02)


def test_energy_distance_of_two_normals():
    def mean_distance(shift, std):  # E |N(shift, std²)|
        return std * math.sqrt(2 / math.pi) * math.exp(-(shift**2) / 2 / std**2) + shift * math.erf(
            shift / std / math.sqrt(2)
        )

    found = EnergyDistance()(normal(3000, 1, seed=1, mean=1.0), normal(2500, 1, seed=2, std=2.0))["squared"]
    exact = 2 * mean_distance(1.0, math.sqrt(5)) - mean_distance(0, math.sqrt(2)) - mean_distance(0, math.sqrt(8))
    assert found == pytest.approx(exact, abs=0.03)
    assert abs(EnergyDistance()(normal(3000, 1, seed=3), normal(3000, 1, seed=4))["squared"]) < 0.003


def test_mmd_of_two_normals():
    def overlap(shift, variance, d=2):  # E exp(-|x - y|²/2) where x - y ~ N(shift, variance)
        return (1 + variance) ** (-d / 2) * math.exp(-(shift**2) / 2 / (1 + variance))

    x, y = normal(2000, 2, seed=1, mean=0.8), normal(2000, 2, seed=2)
    exact = 2 * overlap(0, 2) - 2 * overlap(math.sqrt(2) * 0.8, 2)
    assert MMD(bandwidth=1.0)(x, y)["squared"] == pytest.approx(exact, abs=0.02)


def test_unbiased_means_that_equal_sets_give_zero_on_average():
    found = [
        MMD(bandwidth=1.0)(normal(100, 1, seed=2 * i), normal(100, 1, seed=2 * i + 1))["squared"] for i in range(40)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / math.sqrt(40)
    assert min(found) < 0


def test_the_mean_over_pairs_leaves_out_the_pair_of_a_sample_with_itself():
    x, y = normal(5, 2, seed=0), normal(4, 2, seed=1)
    k = lambda a, b: torch.exp(-torch.cdist(a, b))  # noqa: E731
    pairs = [float(k(x[i : i + 1], x[j : j + 1])) for i in range(5) for j in range(5) if i != j]
    others = [float(k(y[i : i + 1], y[j : j + 1])) for i in range(4) for j in range(4) if i != j]
    expected = np.mean(pairs) + np.mean(others) - 2 * float(k(x, y).mean())
    assert unbiased(x, y, k) == pytest.approx(expected)


def test_frechet_distance_of_known_normals():
    A, B = torch.tensor([4.0, 1.0]).double().diag(), torch.tensor([1.0, 9.0]).double().diag()
    mu, nu = torch.tensor([1.0, 0.0]).double(), torch.zeros(2).double()
    assert frechet(mu, A, nu, B) == pytest.approx(1 + (2 - 1) ** 2 + (1 - 3) ** 2)
    found = FrechetDistance()(normal(4000, 2, seed=1, mean=1.0), normal(4000, 2, seed=2, std=2.0))["squared"]
    assert found == pytest.approx(2 + 2, rel=0.05)


def test_frechet_distance_of_correlated_normals_does_not_change_under_a_rotation():
    draw = torch.Generator().manual_seed(0)
    roots = torch.randn(2, 3, 3, generator=draw, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=draw, dtype=torch.float64)).Q
    A, B = (root @ root.T for root in roots)
    mu = torch.ones(3, dtype=torch.float64)
    exact = frechet(mu, A, 0 * mu, B)
    assert frechet(turn @ mu, turn @ A @ turn.T, 0 * mu, turn @ B @ turn.T) == pytest.approx(exact)
    cross = np.trace(np.real(_root(A.numpy() @ B.numpy())))
    assert exact == pytest.approx(float(3 + A.trace() + B.trace()) - 2 * cross)


def _root(matrix):
    values, vectors = np.linalg.eig(matrix)
    return vectors @ np.diag(np.sqrt(values)) @ np.linalg.inv(vectors)


def test_kernel_distance_sees_a_change_of_scale():
    x, y, z = normal(800, 8, seed=1), normal(800, 8, seed=2), normal(800, 8, seed=3, std=1.5)
    assert abs(KernelDistance()(x, y)["squared"]) < 0.03 < KernelDistance()(x, z)["squared"]


def test_equal_distributions_have_density_one_and_the_known_coverage():
    found = PrecisionRecall(k=5)(normal(2000, 4, seed=1), normal(2000, 4, seed=2))
    assert found["density"] == pytest.approx(1.0, abs=0.06)
    assert found["coverage"] == pytest.approx(1 - 2.0**-5, abs=0.012)  # Naeem et al., for large equal sets
    assert found["precision"] == pytest.approx(found["recall"], abs=0.03)


def test_a_collapsed_model_is_precise_and_does_not_recall():
    truth = torch.cat([normal(300, 2, seed=1), normal(300, 2, seed=2, mean=20.0)])
    found = PrecisionRecall(k=5)(normal(600, 2, seed=3), truth)
    assert found["precision"] > 0.95
    assert found["recall"] == pytest.approx(0.5, abs=0.03)
    assert found["coverage"] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("comparison", [EnergyDistance(), MMD(), KernelDistance(), SlicedWasserstein()])
def test_few_samples_are_named_with_their_number(comparison):
    with pytest.warns(TooFewSamples, match="30 samples, needs at least 100"):
        comparison(normal(30, 2, seed=0), normal(200, 2, seed=1))


def test_samples_of_another_shape_or_not_finite_are_refused():
    x = normal(200, 2, seed=0)
    with pytest.raises(ValueError, match=r"got \(200, 2\) and \(200, 3\)"):
        MMD()(x, normal(200, 3, seed=1))
    with pytest.raises(ValueError, match="samples: 1 of 200 are not finite"):
        MMD()(torch.where(x == x[3, 1], torch.nan, x), x)
