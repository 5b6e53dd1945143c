"""Nets of generative models: shapes, gradients, conditions that reach them, symmetry, words for what they refuse."""

from functools import partial

import pytest
import torch
from torch import nn

from mlsci.errors import ConfigError
from mlsci.nets.cnn import CNN
from mlsci.nets.cnn_decoder import CNNDecoder
from mlsci.nets.condition import Classes, Unconditional, Values
from mlsci.nets.conditioned import Conditioned
from mlsci.nets.fcn import FCN
from mlsci.nets.film_fourier import FiLMFourier, IsotropicFilter
from mlsci.nets.film_mlp import FiLMMLP
from mlsci.nets.film_unet import FiLMUNet
from mlsci.nets.mlp import MLP
from mlsci.nets.time_embedding import TimeEmbedding

NETS = {
    "film_mlp": lambda: FiLMMLP(in_features=6, out_features=4, condition_features=3, hidden=8, layers=2),
    "film_unet": lambda: FiLMUNet(
        in_shape=(2, 5, 6), out_shape=(1, 5, 6), condition_features=3, width=4, levels=3, blocks=2, periodic=True
    ),
    "film_fourier": lambda: FiLMFourier(
        in_shape=(2, 5, 6), out_shape=(1, 5, 6), condition_features=3, width=4, layers=2
    ),
    "film_fourier filtered": lambda: FiLMFourier(
        in_shape=(2, 5, 6), out_shape=(1, 5, 6), condition_features=3, width=4, layers=1, filtered=True
    ),
    "film_fourier 1-d": lambda: FiLMFourier(in_shape=(2, 7), out_shape=(3, 7), condition_features=3, width=4, layers=1),
    "film_unet 1-d": lambda: FiLMUNet(in_shape=(2, 7), out_shape=(3, 7), condition_features=3, width=6, levels=2),
}
INPUTS = {
    "film_mlp": (6,),
    "film_unet": (2, 5, 6),
    "film_unet 1-d": (2, 7),
    "film_fourier": (2, 5, 6),
    "film_fourier filtered": (2, 5, 6),
    "film_fourier 1-d": (2, 7),
}
OUTPUTS = {
    "film_mlp": (4,),
    "film_unet": (1, 5, 6),
    "film_unet 1-d": (3, 7),
    "film_fourier": (1, 5, 6),
    "film_fourier filtered": (1, 5, 6),
    "film_fourier 1-d": (3, 7),
}


def awake(net: nn.Module) -> nn.Module:
    """With other weights than the zeros it begins with."""
    torch.manual_seed(0)
    for parameter in net.parameters():
        if not parameter.any():
            nn.init.normal_(parameter)
    return net


@pytest.mark.parametrize("name", NETS)
def test_modulated_nets_see_input_and_condition_and_every_parameter_learns(name: str) -> None:
    net = awake(NETS[name]())
    x, told = torch.randn(3, *INPUTS[name]), torch.randn(3, 3, requires_grad=True)
    y = net(x, told)
    assert y.shape == (3, *OUTPUTS[name])
    y.square().sum().backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().max() > 0] == []
    assert told.grad is not None
    assert told.grad.abs().max() > 0
    torch.testing.assert_close(net(x, told)[1:], net(x[1:], told[1:]))


def test_a_periodic_modulated_unet_commutes_with_shifts() -> None:
    net = awake(FiLMUNet(in_shape=(1, 8, 8), out_shape=(1, 8, 8), width=4, levels=3, periodic=True)).double()
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll((4, 4), (2, 3))), net(x).roll((4, 4), (2, 3)))


def test_a_net_of_isotropic_filters_commutes_with_shifts_and_symmetries_of_the_grid() -> None:
    net = awake(FiLMFourier(in_shape=(1, 6, 6), out_shape=(1, 6, 6), width=4, layers=2, filtered=True)).double()
    x = torch.randn(2, 1, 6, 6, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll((1, 3), (2, 3))), net(x).roll((1, 3), (2, 3)))
    torch.testing.assert_close(net(x.rot90(1, (2, 3))), net(x).rot90(1, (2, 3)))
    torch.testing.assert_close(net(x.flip(3)), net(x).flip(3))


def test_pooled_features_do_not_change_with_shifts_and_symmetries_of_the_grid() -> None:
    net = awake(FiLMFourier(in_shape=(1, 6, 6), out_shape=(3,), width=4, layers=2)).double()
    x = torch.randn(2, 1, 6, 6, dtype=torch.float64)
    assert net(x).shape == (2, 3)
    for other in (x.roll((1, 3), (2, 3)), x.rot90(1, (2, 3)), x.flip(3)):
        torch.testing.assert_close(net(other), net(x))


def test_an_isotropic_filter_multiplies_waves_by_its_value_at_their_wavenumber() -> None:
    layer = IsotropicFilter(1, grid=(8, 4))
    layer.values.data = torch.arange(len(layer.values[0]))[None] ** 2.0
    row = torch.arange(8)[:, None].expand(8, 4) * 2 * torch.pi / 8
    column = torch.arange(4).expand(8, 4) * 2 * torch.pi / 4  # the longest side counts: this is |k| = 2
    for wave, gain in (((3 * row).cos(), 9.0), ((column + row).sin(), 4 + (5**0.5 - 2) * 5)):
        torch.testing.assert_close(layer(wave[None, None]), gain * wave[None, None], atol=1e-4, rtol=1e-4)


def test_filters_begin_smooth_in_the_wavenumber_and_of_unit_size() -> None:
    torch.manual_seed(0)
    values = IsotropicFilter(2000, grid=(32, 32)).values.detach()
    assert values.diff(dim=1).abs().max() < 2**0.5 * 2 * torch.pi * 1.5 / (values.shape[1] - 1) + 1e-6
    assert float(values.square().mean()) == pytest.approx(1, abs=0.05)


def test_a_fully_convolutional_net_commutes_with_every_shift() -> None:
    net = FCN(in_shape=(1, 6, 6), out_shape=(2, 6, 6), width=5, periodic=True).double()
    x = torch.randn(2, 1, 6, 6, dtype=torch.float64)
    torch.testing.assert_close(net(x.roll((1, 3), (2, 3))), net(x).roll((1, 3), (2, 3)))
    assert (FCN(in_shape=(1, 6), out_shape=(2, 6))(torch.zeros(1, 1, 6))).shape == (1, 2, 6)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 14), (2, 17)])
@pytest.mark.parametrize("norms", [True, False])
def test_a_decoder_reaches_any_grid(shape: tuple[int, ...], norms: bool) -> None:
    net = CNNDecoder(in_features=5, out_shape=shape, width=4, levels=3, norms=norms)
    y = net(torch.randn(2, 5))
    assert y.shape == (2, *shape)
    y.square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize(
    ("make", "inputs", "outputs", "seen"),
    [
        (partial(MLP, in_features=1, out_features=1), (4,), (3,), ("in_features", 6)),
        (partial(MLP, in_features=1, out_features=1), (2, 3, 4), (2, 3, 4), ("in_features", 26)),
        (partial(CNN, in_shape=(1, 4, 4), out_features=1), (1, 4, 5), (7,), ("in_shape", (3, 4, 5))),
        (partial(FiLMMLP, in_features=1, out_features=1), (4,), (3,), ("in_features", 4)),
    ],
)
def test_a_condition_reaches_any_net(make, inputs, outputs, seen) -> None:
    net = Conditioned(make, inputs=inputs, outputs=outputs, features=2)
    for module in net.modules():
        if type(module).__name__ == "FiLM":
            nn.init.normal_(module.affine.weight)
    assert getattr(net.net, seen[0]) == seen[1]
    net.eval()
    x = torch.randn(5, *inputs)
    y = net(x, torch.zeros(5, 2))
    assert y.shape == (5, *outputs)
    assert (y - net(x, torch.ones(5, 2))).abs().max() > 1e-4
    alone = Conditioned(make, inputs=inputs, outputs=outputs)
    assert alone.eval()(x, torch.zeros(5, 0)).shape == (5, *outputs)


def test_conditions_by_name_number_and_value() -> None:
    here = torch.device("cpu")
    classes = Classes(names=["spiral", "elliptical"])
    assert classes(torch.tensor([1, 0])).tolist() == [[0, 1], [1, 0]]
    assert torch.equal(classes.of("elliptical", 2, device=here), classes.of(1, 2, device=here))
    assert classes.of([0, "1"], 2, device=here).tolist() == [[1, 0], [0, 1]]
    assert classes.of(None, 3, device=here).argmax(1).tolist() == [0, 1, 0]
    for wrong in ("barred", 2, [0, 1, 1]):
        with pytest.raises(ConfigError, match="condition"):
            classes.of(wrong, 2, device=here)
    values = Values(shape=[2], mean=[1.0, 2.0], std=[2.0, 4.0])
    assert values.of("3,6", 2, device=here).tolist() == [[1, 1], [1, 1]]
    assert values(torch.tensor([[3.0, 2.0]])).tolist() == [[1, 0]]
    for wrong in (None, "1,2,3", "a,b"):
        with pytest.raises(ConfigError, match=r"condition.*2 numbers"):
            values.of(wrong, 2, device=here)
    with pytest.raises(ConfigError, match="without one"):
        Unconditional().of(3, 2, device=here)


def test_times_are_told_apart() -> None:
    embed = TimeEmbedding(features=8)
    t = torch.linspace(0, 1, 50)
    assert embed(t).shape == (50, 8)
    assert torch.pdist(embed(t)).min() > 0.05
    for options in ({"features": 3}, {"lowest": 2.0, "highest": 1.0}):
        with pytest.raises(ValueError, match="TimeEmbedding"):
            TimeEmbedding(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: FiLMMLP(in_features=1, out_features=1, layers=0),
        lambda: FiLMUNet(in_shape=(1, 4, 4), out_shape=(1, 4, 4), levels=4),
        lambda: CNNDecoder(in_features=1, out_shape=(1, 4, 4), levels=0),
        lambda: FCN(in_shape=(1, 4, 4), out_shape=(1, 4, 4), kernel_size=2),
    ],
)
def test_nonsense_is_refused(make) -> None:
    with pytest.raises(ValueError, match=r"layers|levels|kernel_size"):
        make()
