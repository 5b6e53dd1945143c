"""Distributions with known densities: samples, density and entropy agree with each other and with closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from mlsci.errors import ConfigError
from mlsci.science.distributions.gaussian_field import GaussianField
from mlsci.science.distributions.gaussian_grid import GaussianGrid
from mlsci.science.distributions.lognormal_field import LognormalField
from mlsci.science.distributions.power_law import PowerLaw

SPECTRUM = PowerLaw(index=2.5, knee=1.5)
ALL = {
    "gaussian": GaussianField(side=8, spectrum=SPECTRUM),
    "gaussian, amplitudes": GaussianField(side=8, spectrum=SPECTRUM, amplitude=[0.5, 2.0]),
    "lognormal": LognormalField(side=8, spectrum=SPECTRUM, sigma=0.6),
    "lognormal, amplitudes": LognormalField(side=8, spectrum=SPECTRUM, sigma=0.6, amplitude=[0.5, 2.0]),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def covariance(field):
    """(64, 64), built from the separations of all pairs of pixels."""
    xi = field.correlation()
    row, column = (index.flatten() for index in torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij"))
    return xi[(row[:, None] - row) % 8, (column[:, None] - column) % 8]


def test_the_density_of_a_gaussian_field_is_that_of_its_covariance():
    field = ALL["gaussian"]
    x, _ = field.sample(5, draw=generator())
    normal = stats.multivariate_normal(np.zeros(64), covariance(field).numpy())
    np.testing.assert_allclose(field.log_prob(x), normal.logpdf(x.flatten(1).numpy()))
    assert field.entropy() == pytest.approx(float(normal.entropy()))


def test_the_density_of_a_lognormal_field_is_that_of_exponentials():
    field = ALL["lognormal"]
    x, _ = field.sample(4, draw=generator())
    y = 1 + field.std * x.flatten(1).numpy()  # exp(σ g - σ²/2)
    C = 0.36 * covariance(field.gaussian).numpy()
    normal = stats.multivariate_normal(np.full(64, -0.18), C)
    expected = normal.logpdf(np.log(y)) - np.log(y).sum(axis=1) + 64 * math.log(field.std)
    np.testing.assert_allclose(field.log_prob(x), expected)
    assert field.log_prob(torch.full((1, 1, 8, 8), -50.0)).tolist() == [-math.inf]


@pytest.mark.parametrize("name", ALL)
def test_the_entropy_is_the_mean_of_minus_log_p(name):
    x, label = ALL[name].sample(4000, draw=generator(1))
    values = -ALL[name].log_prob(x, label)
    assert float(values.mean()) == pytest.approx(ALL[name].entropy(), abs=4 * float(values.std()) / math.sqrt(4000))


@pytest.mark.parametrize("name", ALL)
def test_samples_have_the_exact_power(name):
    x, _ = ALL[name].sample(8000, draw=generator(2))
    power = torch.fft.fft2(x[:, 0]).abs().square() / 64
    error = power.std(dim=0) / math.sqrt(8000)
    z = (power.mean(dim=0) - ALL[name].power()) / error
    assert float(z.abs().max()) < 4.5
    if "amplitudes" not in name:  # one amplitude moves all modes together
        assert float(z.square().mean()) == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize("name", ["gaussian", "lognormal"])
def test_samples_are_standardised(name):
    assert float(ALL[name].correlation()[0, 0]) == pytest.approx(1.0)
    assert float(ALL[name].power().mean()) == pytest.approx(1.0)


def test_the_correlation_of_a_lognormal_field():
    xi = ALL["lognormal"].gaussian.correlation()
    torch.testing.assert_close(ALL["lognormal"].correlation() * math.expm1(0.36), torch.exp(0.36 * xi) - 1)


def test_an_amplitude_that_varies_must_be_told():
    x, _ = ALL["gaussian, amplitudes"].sample(2, draw=generator())
    with pytest.raises(ConfigError, match="needs their amplitudes"):
        ALL["gaussian, amplitudes"].log_prob(x)


def test_the_density_of_the_grid_has_integral_one_and_its_entropy():
    grid = GaussianGrid(side=2, spacing=2.0, std=0.4)
    density = lambda y, x: math.exp(float(grid.log_prob(torch.tensor([[x, y]], dtype=torch.float64))))  # noqa: E731
    line = torch.linspace(-4, 4, 161, dtype=torch.float64)
    points = torch.cartesian_prod(line, line)
    log = grid.log_prob(points)
    assert float(log.exp().sum() * 0.05**2) == pytest.approx(1.0)
    assert -float((log.exp() * log).sum() * 0.05**2) == pytest.approx(grid.entropy())
    assert density(1.0, 1.0) == pytest.approx(1 / 4 / (2 * math.pi * 0.16), rel=1e-4)


def test_modes_far_apart_have_the_entropy_of_one_and_of_the_choice():
    grid = GaussianGrid()
    assert len(grid.classes) == len(grid.centres) == 25
    assert grid.entropy() == pytest.approx(math.log(25) + 1 + math.log(2 * math.pi * 0.05**2))
    x, mode = grid.sample(5000, draw=generator())
    assert torch.equal(torch.cdist(x, grid.centres).argmin(dim=1), mode)
    assert float(-grid.log_prob(x).mean()) == pytest.approx(grid.entropy(), abs=0.06)
    torch.testing.assert_close(grid.log_prob(x, mode), grid.log_prob(x) + math.log(25))


def test_the_one_point_distribution_of_a_lognormal_field():
    field = ALL["lognormal"]
    x, _ = field.sample(3000, draw=generator(3))
    low = -1 / field.std
    pdf = lambda v: stats.lognorm(0.6, scale=math.exp(-0.18)).pdf(1 + field.std * v) * field.std  # noqa: E731
    exact = integrate.quad(pdf, low, 0.0)[0]
    assert float((x[:, 0, 0, 0] < 0).double().mean()) == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianField(side=1, spectrum=SPECTRUM), r"side: expected at least 2, got 1"),
        (lambda: GaussianField(spectrum=SPECTRUM, amplitude=[2.0, 1.0]), r"amplitude: expected \[low, high\]"),
        (lambda: LognormalField(spectrum=SPECTRUM, sigma=0.0), r"sigma: expected between 0 and 5, got 0"),
        (lambda: GaussianGrid(std=0.0), r"expected side >= 2, spacing > 0, std > 0, got 5, 2.0 and 0.0"),
        (lambda: PowerLaw(knee=0.0), r"expected a finite index and knee > 0"),
    ],
)
def test_what_is_impossible_is_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
