"""Transforms: there and back, and what lies outside of their range."""

import pytest
import torch

from mlsci.nets.transforms import Identity, SquareRoot


@pytest.mark.parametrize("transform", [Identity(), SquareRoot(), SquareRoot(offset=0.375)])
def test_there_and_back(transform):
    x = torch.linspace(0, 50, 11, dtype=torch.float64)
    torch.testing.assert_close(transform.inverse(transform(x)), x)


def test_counts_of_any_mean_get_one_variance():
    draw = torch.Generator().manual_seed(0)
    for mean in (10.0, 100.0, 1000.0):
        counts = torch.poisson(torch.full((20000,), mean), generator=draw)
        assert float(SquareRoot(offset=0.375)(counts).var()) == pytest.approx(0.25, rel=0.05)


def test_outside_of_the_range_the_nearest_value_counts():
    assert SquareRoot()(torch.tensor(-4.0)) == 0
    assert SquareRoot(offset=1.0).inverse(torch.tensor(-3.0)) == -1
    with pytest.raises(ValueError, match="offset must be at least 0, got -1"):
        SquareRoot(offset=-1.0)
