"""The net that folds a series: each phase is forecast from itself, every variable alike."""

import pytest
import torch

from mlsci.nets.folded_mlp import FoldedMLP


def plain(**sizes) -> FoldedMLP:
    """Without the sliding mean."""
    net = FoldedMLP(**sizes)
    torch.nn.init.zeros_(net.smooth.weight)
    return net


def test_a_periodic_series_is_continued_by_the_last_period():
    net = plain(in_shape=(12, 2), out_features=8 * 2, period=4)
    net.perceptron.weight.data = torch.tensor([[0.0, 0.0, 1.0]]).expand(2, 3)
    x = torch.randn(5, 12, 2)
    torch.testing.assert_close(net(x), x[:, -4:].repeat(1, 2, 1).flatten(1))


@pytest.mark.parametrize("layers", [0, 2])
def test_each_phase_of_each_variable_goes_its_own_way(layers):
    torch.manual_seed(0)
    net = plain(in_shape=(12, 3), out_features=8 * 3, period=4, hidden=8, layers=layers)
    x = torch.randn(2, 12, 3)
    changed = x.clone()
    changed[:, 1::4, 2] += 1.0
    moved = (net(changed) - net(x)).abs().unflatten(1, (8, 3)) > 1e-6
    expected = torch.zeros(8, 3, dtype=torch.bool)
    expected[1::4, 2] = True
    assert torch.equal(moved.any(dim=0), expected)
    torch.testing.assert_close(net(x.flip(2)), net(x).unflatten(1, (8, 3)).flip(2).flatten(1))


def test_the_sliding_mean_mixes_neighbours():
    net = FoldedMLP(in_shape=(6, 1), out_features=3, period=3)
    x = torch.zeros(1, 6, 1)
    bump = x.clone()
    bump[0, 4] = 1.0
    assert bool((net(bump) - net(x)).ne(0).all())


@pytest.mark.parametrize(("length", "outputs", "period"), [(13, 8, 4), (12, 7, 4), (12, 8, 5), (12, 8, 1)])
def test_lengths_that_do_not_fold_are_named(length, outputs, period):
    with pytest.raises(ValueError, match=rf"multiples of period={period}, got {length} and {outputs} values of 1"):
        FoldedMLP(in_shape=(length, 1), out_features=outputs, period=period)
