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


@pytest.mark.parametrize("shape", [(2, 16), (2, 16, 8)])
def test_a_net_on_a_torus_with_an_average_is_invariant_under_shifts_by_what_it_pools(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    net = CNN(in_shape=shape, out_features=3, channels=(4, 4), kernel_size=5, periodic=True, average=True)
    net = net.double().eval()
    x = torch.randn(2, *shape, dtype=torch.float64)
    axes = tuple(range(2, x.ndim))
    torch.testing.assert_close(net(x.roll((4,) * len(axes), axes)), net(x), rtol=0, atol=1e-14)
    assert (net(x.roll(1, 2)) - net(x)).abs().max() > 1e-6


@pytest.mark.parametrize("periodic", [True, False])
def test_the_blocks_commute_with_shifts_where_there_is_no_border(periodic: bool) -> None:
    torch.manual_seed(0)
    net = CNN(in_shape=(1, 8, 6), out_features=2, channels=(3, 3), pooling=(False, False), periodic=periodic)
    blocks = net.double().eval().blocks
    x = torch.randn(2, 1, 8, 6, dtype=torch.float64)
    difference = (blocks(x.roll((3, 1), (2, 3))) - blocks(x).roll((3, 1), (2, 3))).abs().max()
    assert (difference < 1e-14) == periodic


def test_a_convolution_on_a_ring_is_a_product_of_fourier_transforms() -> None:
    torch.manual_seed(0)
    (layer,) = (
        CNN(in_shape=(1, 9), out_features=1, channels=[1], norm=False, activation=nn.Identity(), periodic=True)
        .double()
        .blocks[0][:1]
    )
    x = torch.randn(1, 1, 9, dtype=torch.float64)
    kernel = torch.zeros(9, dtype=torch.float64)
    kernel[[-1, 0, 1]] = layer.weight.detach()[0, 0]
    product = torch.fft.fft(x[0, 0]) * torch.fft.fft(kernel).conj()
    torch.testing.assert_close(layer(x)[0, 0], torch.fft.ifft(product).real + layer.bias)


def test_an_average_takes_any_grid_and_saves_parameters() -> None:
    net = CNN(in_shape=(1, 8, 8), out_features=2, channels=(3, 5), hidden=7, average=True)
    assert net(torch.zeros(2, 1, 11, 9)).shape == (2, 2)
    convolutions, norms, head = 9 * 1 * 3 + 9 * 3 * 5, 2 * 3 + 2 * 5, (5 + 1) * 7 + (7 + 1) * 2
    assert sum(p.numel() for p in net.parameters()) == convolutions + norms + head


def test_channels_last_is_the_same_net_on_turned_series() -> None:
    torch.manual_seed(0)
    net = CNN(in_shape=(2, 12), out_features=3)
    other = CNN(in_shape=(12, 2), out_features=3, channels_last=True)
    other.load_state_dict(net.state_dict())
    x = torch.randn(4, 2, 12)
    assert torch.equal(net(x), other(x.movedim(1, 2)))


def test_a_kernel_that_reaches_more_than_once_around_is_refused() -> None:
    with pytest.raises(ValueError, match=r"kernel_size of 7 reaches .* a grid of 2 points; allowed is up to 5"):
        CNN(in_shape=(1, 4), out_features=2, channels=(3, 3), kernel_size=7, periodic=True)


def test_weights_of_the_first_release_load_and_give_the_same() -> None:
    torch.manual_seed(0)
    net = CNN(in_shape=(1, 8, 8), out_features=3, channels=(4, 8), hidden=16).eval()
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    names = [f"blocks.{i}.{name}" for i in (0, 1) for name in ("0.weight", *(f"1.{each}" for each in norm))]
    names += [f"head.{i}.{name}" for i in (1, 4) for name in ("weight", "bias")]
    assert list(net.state_dict()) == names
    x = torch.linspace(-1, 1, 2 * 64).reshape(2, 1, 8, 8)
    recorded = torch.tensor(  # what release 0.1.0 gave
        [[0.1916871, 0.2795569, 0.2858254], [0.1854098, 0.2491336, 0.2448165]]
    )
    torch.testing.assert_close(net(x), recorded, rtol=0, atol=2e-6)
