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


@pytest.mark.parametrize("shape", [(2, 16), (2, 16, 8)])
def test_on_a_torus_outputs_do_not_change_under_shifts_by_what_the_stages_halve(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    net = ResNet(in_shape=shape, out_features=3, width=4, stages=3, blocks=1, periodic=True).double().eval()
    x = torch.randn(2, *shape, dtype=torch.float64)
    axes = tuple(range(2, x.ndim))
    torch.testing.assert_close(net(x.roll((4,) * len(axes), axes)), net(x), rtol=0, atol=1e-14)
    assert (net(x.roll(1, 2)) - net(x)).abs().max() > 1e-6


def test_zeros_beyond_the_border_break_that() -> None:
    torch.manual_seed(0)
    net = ResNet(in_shape=(2, 16), out_features=3, width=4, stages=1, blocks=1).double().eval()
    x = torch.randn(2, 2, 16, dtype=torch.float64)
    assert (net(x.roll(1, 2)) - net(x)).abs().max() > 1e-6


def test_channels_last_is_the_same_net_on_turned_series() -> None:
    torch.manual_seed(0)
    net = ResNet(in_shape=(2, 12), out_features=3, width=4).eval()
    other = ResNet(in_shape=(12, 2), out_features=3, width=4, channels_last=True).eval()
    other.load_state_dict(net.state_dict())
    x = torch.randn(4, 2, 12)
    assert torch.equal(net(x), other(x.movedim(1, 2)))


def test_weights_of_the_first_release_load_and_give_the_same() -> None:
    torch.manual_seed(0)
    net = ResNet(in_shape=(1, 8, 8), out_features=3, width=4, stages=2, blocks=1).eval()
    state = net.state_dict()
    parameters = {name: tuple(value.shape) for name, value in state.items() if "norm" not in name}
    assert parameters == {
        "stem.weight": (4, 1, 3, 3),
        "body.0.conv1.weight": (4, 4, 3, 3),
        "body.0.conv2.weight": (4, 4, 3, 3),
        "body.1.conv1.weight": (8, 4, 3, 3),
        "body.1.conv2.weight": (8, 8, 3, 3),
        "body.1.shortcut.weight": (8, 4, 1, 1),
        "head.weight": (3, 8),
        "head.bias": (3,),
    }
    norms = [f"body.{i}.norm{j}" for i in (0, 1) for j in (1, 2)] + ["norm"]
    assert {name.rpartition(".")[0] for name in state if "norm" in name} == set(norms)
    x = torch.linspace(-1, 1, 2 * 64).reshape(2, 1, 8, 8)
    recorded = torch.tensor(  # what release 0.1.0 gave
        [[-0.1695292, -0.3430077, -0.3225570], [-0.1933772, -0.2527581, -0.2858992]]
    )
    torch.testing.assert_close(net(x), recorded, rtol=0, atol=2e-6)
