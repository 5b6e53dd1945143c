"""Zero and unit of a window."""

import pytest
import torch

from mlsci.nets.window_scaling import LastValue, Mean, WindowMoments


def test_the_last_value_is_the_zero():
    past = torch.arange(12.0).reshape(2, 3, 2)
    zero, unit = LastValue()(past)
    assert torch.equal(zero, torch.tensor([[[4.0, 5.0]], [[10.0, 11.0]]]))
    assert torch.equal(unit, torch.ones(2, 1, 2))


def test_the_mean_is_the_zero():
    past = torch.arange(12.0).reshape(2, 3, 2)
    zero, unit = Mean()(past)
    assert torch.equal(zero, torch.tensor([[[2.0, 3.0]], [[8.0, 9.0]]]))
    assert torch.equal(unit, torch.ones(2, 1, 2))


def test_moments_are_those_of_the_window():
    past = torch.randn(3, 50, 2) * torch.tensor([5.0, 0.1]) + 3.0
    zero, unit = WindowMoments(floor=1e-9)(past)
    scaled = (past - zero) / unit
    torch.testing.assert_close(scaled.mean(1), torch.zeros(3, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled.std(1, correction=0), torch.ones(3, 2), atol=1e-4, rtol=0)


@pytest.mark.parametrize("floor", [1e-3, 0.25])
def test_a_constant_window_keeps_a_unit(floor):
    _, unit = WindowMoments(floor=floor)(torch.full((1, 9, 1), 4.0))
    assert float(unit) == pytest.approx(floor**0.5)
