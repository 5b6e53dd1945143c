import pytest
import torch
from torch import nn

from mlsci.nets.resnet import PreActivationBlock, ResNet


@pytest.mark.parametrize(
    ("side", "stages", "left"), [(28, 3, (16, 7)), (8, 4, (32, 2)), (3, 2, (8, 2)), (1, 2, (8, 1))]
)
def test_stages_double_the_width_and_halve_the_picture(side: int, stages: int, left: tuple[int, int]) -> None:
    net = ResNet(in_shape=(1, side, side), out_features=2, width=4, stages=stages, blocks=1).eval()
    h = net.body(net.stem(torch.zeros(1, 1, side, side)))
    assert h.shape == (1, left[0], left[1], left[1])


def test_a_block_whose_last_convolution_is_zero_is_the_identity() -> None:
    block = PreActivationBlock(3, 3)
    nn.init.zeros_(block.conv2.weight)
    x = torch.randn(2, 3, 5, 5)
    assert torch.equal(block(x), x)


def test_other_heights_and_widths_pass() -> None:
    net = ResNet(in_shape=(2, 8, 8), out_features=3, width=4).eval()
    assert net(torch.zeros(2, 2, 11, 17)).shape == (2, 3)


@pytest.mark.parametrize("change", [{"stages": 0}, {"blocks": 0}])
def test_no_stages_or_blocks_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"stages and blocks >= 1.*{next(iter(change))}=0"):
        ResNet(in_shape=(1, 8, 8), out_features=2, **change)
