import pytest
import torch

from mlsci.nets.deepset import DeepSet

POOLS = ["mean", "sum", "max"]


def net_of(**changes: object) -> DeepSet:
    torch.manual_seed(0)
    return DeepSet(**{"in_shape": (6, 3), "out_features": 2, "hidden": 8, **changes}).double()


@pytest.mark.parametrize("pool", POOLS)
def test_the_order_of_a_set_does_not_matter(pool: str) -> None:
    net = net_of(pool=pool)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(net(x[:, torch.randperm(6)]), net(x), rtol=0, atol=1e-14)


@pytest.mark.parametrize("pool", POOLS)
def test_padding_changes_nothing_and_an_empty_set_has_an_answer(pool: str) -> None:
    net = net_of(pool=pool, padded=True)
    x = torch.randn(4, 3, 3, dtype=torch.float64)
    filled = torch.cat((x, torch.zeros_like(x)), dim=1)
    torch.testing.assert_close(net(filled), net(x), rtol=0, atol=1e-14)
    assert (net_of(pool=pool)(filled) - net_of(pool=pool)(x)).abs().max() > 1e-6 or pool == "max"
    empty = torch.zeros(1, 6, 3, dtype=torch.float64, requires_grad=True)
    net(empty).sum().backward()
    assert empty.grad is not None
    assert empty.grad.isfinite().all()


def test_a_sum_counts_and_a_mean_does_not() -> None:
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    twice = torch.cat((x, x), dim=1)
    for pool in POOLS:
        net = net_of(pool=pool)
        same = torch.allclose(net(twice), net(x), rtol=0, atol=1e-12)
        assert same == (pool != "sum")


def test_parameters_are_those_of_two_perceptrons() -> None:
    inner, outer = (3 + 1) * 8 + 2 * (8 + 1) * 8, 2 * (8 + 1) * 8 + (8 + 1) * 2
    assert sum(p.numel() for p in net_of().parameters()) == inner + outer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"in_shape": (10,)}, r"DeepSet takes sets \(size, features\) of two vectors or more, got .* \(10,\)"),
        ({"in_shape": (1, 3)}, r"two vectors or more, got inputs of shape \(1, 3\)"),
        ({"pool": "median"}, "pool must be mean, sum or max, got 'median'"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        net_of(**change)
