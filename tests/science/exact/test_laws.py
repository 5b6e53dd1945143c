"""Laws in closed form against independent computations."""

import math

import numpy as np
import pytest
import torch

from mlsci.science.exact.rates import Rates
from mlsci.science.exact.ridgeless import RidgelessRisk
from mlsci.science.exact.shrinkage import METHODS, Shrinkage, soft_threshold_moments


@pytest.mark.parametrize("kappa", [2.0, 10.0, 1000.0])
def test_rates_are_spectral_radii_of_the_iterations(kappa: float) -> None:
    """Each method is linear on a quadratic: (x_(k+1), x_k) = M (x_k, x_(k-1)), for every eigenvalue."""
    root = math.sqrt(kappa)
    momentum = (root - 1) / (root + 1)
    settings = [(2 / (1 + kappa), 0.0, 0.0), (4 / (1 + root) ** 2, momentum**2, 0.0), (1 / kappa, momentum, momentum)]
    found = []
    for step, beta, ahead in settings:
        radii = []
        for eigenvalue in np.linspace(1, kappa, 200):
            gain, look = 1 - step * eigenvalue, beta
            now = gain + beta if ahead == 0 else (1 + beta) * gain
            before = -beta if ahead == 0 else -look * gain
            radii.append(np.abs(np.linalg.eigvals([[now, before], [1.0, 0.0]])).max())
        found.append(max(radii))
    exact = Rates(kappa=[kappa]).answers(torch.tensor([[kappa]], dtype=torch.float64))[0]
    np.testing.assert_allclose(exact, found, rtol=1e-6)


def test_a_condition_number_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="condition numbers > 1"):
        Rates(kappa=[1.0])


def test_the_ridgeless_risk_has_its_pole_and_its_ends() -> None:
    law = RidgelessRisk(signal=2.0, noise=0.5)
    gamma = torch.tensor([[1e-9], [0.5], [0.999], [1.001], [2.0], [1e9]], dtype=torch.float64)
    risk = law.answers(gamma)[:, 0].tolist()
    assert risk[0] == pytest.approx(0.0, abs=1e-8)
    assert risk[1] == pytest.approx(0.25)
    assert risk[2] == pytest.approx(0.25 * 999, rel=1e-6)
    assert risk[3] == pytest.approx(0.25 * 1000, rel=1e-2)
    assert risk[4] == pytest.approx(2.25)
    assert risk[5] == pytest.approx(4.0, rel=1e-6)  # nothing is learned: |β|²
    with pytest.raises(ValueError, match="other than 1"):
        RidgelessRisk(gamma=[1.0])


def test_the_design_of_the_shrinkage_is_orthogonal_with_its_mean_squares() -> None:
    law = Shrinkage(samples=20, features=6, decay=0.5)
    x = law.design()
    torch.testing.assert_close(x.T @ x / 20, torch.diag(law.squares))
    torch.testing.assert_close(x.mean(dim=0), torch.zeros(6, dtype=torch.float64))


def test_linear_methods_agree_with_their_smoother_matrices() -> None:
    """Bias and variance from the hat matrix H, without any formula of a column."""
    law = Shrinkage(samples=20, features=6, decay=0.5, noise=0.3)
    x, n = law.design(), 20
    square, truth, eye = x.T @ x / n, law.design() @ law.weight, torch.eye(6, dtype=torch.float64)
    step = 1 / torch.linalg.eigvalsh(square).max()
    stopped = sum(step * torch.linalg.matrix_power(eye - step * square, k) for k in range(7))
    hats = {
        "ols": torch.linalg.inv(square),
        "ridge": torch.linalg.inv(square + 0.1 * eye),
        "early_stopping": stopped,
        "dropout": torch.linalg.inv(square + 0.3 / 0.7 * torch.diag(square.diagonal())),
    }
    for method, strength in {"ols": 0.0, "ridge": 0.1, "early_stopping": 7.0, "dropout": 0.3}.items():
        hat = x @ hats[method] @ x.T / n
        bias, variance = (hat @ truth - truth).square().mean(), 0.09 * hat.square().sum() / n
        case = torch.tensor([[METHODS.index(method), strength]], dtype=torch.float64)
        torch.testing.assert_close(law.answers(case)[0], torch.stack([bias, variance]), rtol=1e-9, atol=1e-12)


def test_moments_of_a_soft_thresholded_normal_agree_with_a_sum() -> None:
    z = torch.linspace(-12, 12, 200001, dtype=torch.float64)
    for mean, deviation, threshold in [(0.5, 0.3, 0.4), (0.0, 1.0, 2.0), (-2.0, 0.5, 0.1)]:
        density = torch.exp(-((z - mean) ** 2) / (2 * deviation**2))
        density = density / density.sum()
        shrunk = torch.nn.functional.softshrink(z, threshold)
        first = (density * shrunk).sum()
        second = (density * (shrunk - first).square()).sum()
        found = soft_threshold_moments(*(torch.tensor([v], dtype=torch.float64) for v in (mean, deviation, threshold)))
        torch.testing.assert_close(torch.cat(found), torch.stack([first, second]), rtol=1e-5, atol=1e-9)
