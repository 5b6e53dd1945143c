"""The free wave of a kink."""

import math
from dataclasses import replace

import pytest
import torch

from mlsci.science.pde.free_wave import FreeKink

WAVE = FreeKink(slope=0.3, half=2.0, modes=40)
X = torch.rand(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * torch.tensor([4.0, 1.5])
X, T = X[:, 0] - 2, X[:, 1]


@pytest.mark.parametrize("companion", [False, True])
def test_it_obeys_the_free_equation(companion):
    real = replace(WAVE, companion=companion)
    imaginary = replace(real, imaginary=True)
    for i, j in ((0, 0), (1, 0), (0, 1)):
        first = real(X, T, orders=(i, j + 1)) + imaginary(X, T, orders=(i + 2, j)) / 2
        second = imaginary(X, T, orders=(i, j + 1)) - real(X, T, orders=(i + 2, j)) / 2
        scale = real(X, T, orders=(i, j + 1)).abs().max()
        assert max(first.abs().max(), second.abs().max()) < 1e-12 * scale


@pytest.mark.parametrize("modes", [100, 400])
def test_it_starts_from_the_kink_but_for_the_harmonics_left_out(modes):
    x = -2 + 4 * (torch.arange(8000, dtype=torch.float64) + 0.5) / 8000
    wave = FreeKink(slope=0.3, half=2.0, modes=modes)
    off = (wave(x, 0 * x, orders=(0, 0)) - wave.start(x)).square().mean().sqrt()
    left_out = 2 * 0.3 * 2 / math.pi**2 * math.sqrt(1 / (2 * 3 * modes**3))  # the root of Σ a_m² / 2 beyond the last
    assert 0.9 < off / left_out < 1.1


def test_its_derivatives_are_its_own():
    x, t = X.clone().requires_grad_(), T.clone().requires_grad_()
    for part in (WAVE, replace(WAVE, imaginary=True), replace(WAVE, companion=True)):
        slope, rate = torch.autograd.grad(part(x, t, orders=(0, 0)).sum(), (x, t))
        torch.testing.assert_close(slope, part(X, T, orders=(1, 0)), rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(rate, part(X, T, orders=(0, 1)), rtol=1e-10, atol=1e-12)
