"""Comparisons of fields: power spectrum, values, peaks."""

import math

import numpy as np
import pytest
import torch

from mlsci.metrics.samples.agreement import mean_square_deviation
from mlsci.metrics.samples.base import TooFewSamples
from mlsci.metrics.samples.one_point import OnePointPDF, equal_shares, histograms
from mlsci.metrics.samples.peaks import PeakCounts, peak_counts
from mlsci.metrics.samples.power_spectrum import PowerSpectrumError, binned_power


def noise(n, side, *, seed, std=1.0):
    return std * torch.randn(n, 1, side, side, generator=torch.Generator().manual_seed(seed))


def test_a_plane_wave_has_power_in_its_ring_alone():
    x = torch.arange(16) / 16
    wave = torch.cos(2 * math.pi * 3 * x)[:, None].expand(16, 16)
    found = binned_power(wave[None])[0]
    modes = sum(1 for a in range(-8, 8) for b in range(-8, 8) if round(math.hypot(a, b)) == 3)
    expected = torch.zeros(8, dtype=torch.float64)
    expected[2] = 2 * (16 * 16 / 2) ** 2 / 256 / modes  # two of them, each |δ_k| = side² / 2
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-6)


def test_white_noise_has_flat_power():
    found = binned_power(noise(2000, 8, seed=0, std=2.0)).mean(dim=0)
    torch.testing.assert_close(found, torch.full((4,), 4.0, dtype=torch.float64), rtol=0.05, atol=0)


def test_the_error_is_relative_and_the_deviation_that_of_sampling():
    same = PowerSpectrumError()(noise(500, 16, seed=1), noise(500, 16, seed=2))
    assert same["max"] < 0.05
    assert 0.2 < same["chi2"] < 3
    louder = PowerSpectrumError()(noise(500, 16, seed=1, std=1.1), noise(500, 16, seed=2))
    assert louder["mean"] == pytest.approx(0.21, abs=0.03)
    assert louder["chi2"] > 20


def test_a_known_spectrum_is_what_counts():
    class White:
        def power(self):
            return torch.full((16, 16), 4.0)

    found = PowerSpectrumError(known=White(), highest=6)(noise(500, 16, seed=1, std=2.0), noise(100, 16, seed=2))
    assert found["max"] < 0.06
    assert found["chi2"] < 3


def test_every_value_falls_into_one_bin():
    truth = noise(200, 8, seed=0)
    edges = equal_shares(truth, 10)
    shares = histograms(truth, edges)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(200, dtype=torch.float64))
    torch.testing.assert_close(shares.mean(dim=0), torch.full((10,), 0.1, dtype=torch.float64), atol=1e-3, rtol=0)


def test_the_distance_of_two_one_point_distributions():
    same = OnePointPDF()(noise(300, 16, seed=1), noise(300, 16, seed=2))
    assert same["distance"] < 0.02
    assert 0.3 < same["chi2"] < 3
    shifted = OnePointPDF(bins=200)(noise(300, 16, seed=1) + 0.5, noise(300, 16, seed=2))
    exact = math.erf(0.25 / math.sqrt(2))  # total variation of N(0, 1) and N(½, 1)
    assert shifted["distance"] == pytest.approx(exact, abs=0.01)
    assert shifted["chi2"] > 20


def test_two_values_alone_make_two_bins():
    spins = torch.where(noise(200, 4, seed=0) > 0, 1.0, -1.0)
    assert OnePointPDF()(spins, spins)["distance"] == 0.0


def test_peaks_are_counted_over_the_edge_by_height():
    field = torch.zeros(1, 6, 6)
    field[0, 0, 0], field[0, 5, 5], field[0, 3, 3] = 2.0, 1.0, 3.0  # (5, 5) is a neighbour of (0, 0)
    assert peak_counts(field, torch.tensor([0.5, 2.5])).tolist() == [[0.0, 1.0, 1.0]]


def test_white_noise_has_a_peak_in_nine_pixels():
    counts = peak_counts(noise(400, 12, seed=0), torch.tensor([0.0]))
    assert float(counts.sum(dim=1).mean()) == pytest.approx(16.0, rel=0.02)


def test_peaks_see_a_smoothing_that_the_deviation_does_not_allow():
    def smooth(x):
        return (x + x.roll(1, -1) + x.roll(1, -2)) / math.sqrt(3)

    same = PeakCounts()(noise(300, 16, seed=1), noise(300, 16, seed=2))
    assert same["error"] < 0.02
    assert same["chi2"] < 3
    assert PeakCounts()(smooth(noise(300, 16, seed=1)), noise(300, 16, seed=2))["chi2"] > 20


def test_agreement_is_one_on_average_for_one_distribution():
    draw = torch.Generator().manual_seed(0)
    found = [
        mean_square_deviation(*torch.randn(2, 50, 10, generator=draw, dtype=torch.float64).unbind()) for _ in range(300)
    ]
    assert np.mean(found) == pytest.approx(98 / 96, abs=0.1)  # of Student's t
    assert math.isnan(mean_square_deviation(torch.ones(5, 2), torch.ones(5, 2)))


@pytest.mark.parametrize("comparison", [PowerSpectrumError(), OnePointPDF(), PeakCounts()])
def test_few_fields_are_named_with_their_number(comparison):
    with pytest.warns(TooFewSamples, match="20 samples, needs at least 100"):
        comparison(noise(20, 8, seed=0), noise(200, 8, seed=1))


def test_fields_must_be_square():
    with pytest.raises(ValueError, match=r"expected \(N, ..., side, side\), got \(3, 4, 5\)"):
        binned_power(torch.zeros(3, 4, 5))
