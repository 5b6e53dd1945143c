import pytest
import torch

from mlsci.nets.fourier_series import FourierSeries

LIKE = torch.zeros(0, dtype=torch.float64)


@pytest.mark.parametrize(("side", "modes"), [(16, 5), (16, 8), (17, 9), (2, 1)])
def test_coefficients_are_those_of_the_fast_transform_and_values_go_back(side: int, modes: int) -> None:
    v = torch.randn(2, 3, side, dtype=torch.float64)
    series = FourierSeries((side,), modes=(modes,), like=LIKE)
    exact = torch.fft.rfft(v, norm="forward")[..., :modes]
    torch.testing.assert_close(series.coefficients(v), exact, rtol=0, atol=1e-14)
    torch.testing.assert_close(series.values(exact), torch.fft.irfft(exact, n=side, norm="forward"), rtol=0, atol=1e-14)


@pytest.mark.parametrize(("grid", "modes"), [((12, 9), (3, 4)), ((12, 9), (6, 5)), ((7, 8), (4, 2))])
def test_the_same_in_two_dimensions(grid: tuple[int, int], modes: tuple[int, int]) -> None:
    v = torch.randn(2, 3, *grid, dtype=torch.float64)
    series = FourierSeries(grid, modes=modes, like=LIKE)
    whole = torch.fft.rfft2(v, norm="forward")
    rows = torch.arange(1 - modes[0], modes[0]) % grid[0]
    kept = whole[:, :, rows, : modes[1]]
    torch.testing.assert_close(series.coefficients(v), kept, rtol=0, atol=1e-14)
    whole = torch.zeros_like(whole)
    whole[:, :, rows, : modes[1]] = kept
    exact = torch.fft.irfft2(whole, s=grid, norm="forward")
    torch.testing.assert_close(series.values(kept), exact, rtol=0, atol=1e-14)


def test_a_wave_has_its_own_coefficient_on_every_grid() -> None:
    for side in (9, 20, 64):
        x = torch.arange(side, dtype=torch.float64) / side
        wave = (2 + 3 * torch.cos(2 * torch.pi * 4 * x) + torch.sin(2 * torch.pi * x)).view(1, 1, side)
        found = FourierSeries((side,), modes=(5,), like=LIKE).coefficients(wave)[0, 0]
        exact = torch.tensor([2, -0.5j, 0, 0, 1.5], dtype=torch.complex128)
        torch.testing.assert_close(found, exact, rtol=0, atol=1e-14)


def test_a_coarse_grid_keeps_what_it_carries() -> None:
    assert FourierSeries((9, 4), modes=(12, 12), like=LIKE).modes == (5, 2)
