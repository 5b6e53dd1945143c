import pytest
import torch
from torch import nn

from mlsci.nets.cnn import CNN


@pytest.mark.parametrize(
    ("size", "blocks", "left"),
    [((28, 28), 2, (7, 7)), ((8, 8), 4, (2, 2)), ((5, 40), 3, (2, 20)), ((3, 3), 1, (3, 3))],
)
def test_pooling_halves_while_two_pixels_are_left(size: tuple[int, int], blocks: int, left: tuple[int, int]) -> None:
    net = CNN(in_shape=(1, *size), out_features=2, channels=[2] * blocks)
    assert net.blocks(torch.zeros(1, 1, *size)).shape[2:] == left


def test_norm_replaces_the_bias_of_the_convolution() -> None:
    for norm in (True, False):
        net = CNN(in_shape=(1, 8, 8), out_features=2, norm=norm)
        kinds = [type(module) for module in net.modules()]
        assert (nn.BatchNorm2d in kinds) == norm
        assert all((m.bias is None) == norm for m in net.modules() if isinstance(m, nn.Conv2d))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"kernel_size": 4}, "odd kernel_size.*got 4"), ({"channels": []}, "one entry in channels, got none")],
)
def test_impossible_sizes_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CNN(in_shape=(1, 8, 8), out_features=2, **change)
