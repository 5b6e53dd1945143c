import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from mlsci.errors import ConfigError
from mlsci.nets.activations import Sine
from mlsci.nets.embedding import Periodic
from mlsci.nets.init import AsIs, Glorot, MultiScale, Siren, first_layers
from mlsci.nets.kan import ChebyshevKAN
from mlsci.nets.linear import Linear
from mlsci.nets.mlp import MLP
from mlsci.nets.modified_mlp import ModifiedMLP
from mlsci.nets.pirate import PirateNet
from mlsci.nets.siren import SIREN

PDE = SimpleNamespace(inputs={"t": (0.0, 1.0), "x": (-1.0, 1.0)}, periodic=("x",), mirrors={})
INITS = {"none": AsIs(), "glorot": Glorot(), "multiscale": MultiScale(), "siren": Siren(omega=5.0)}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def embedded() -> Tensor:
    """Points of the domain as the net sees them: t, cos πx, sin πx; (200, 3)."""
    points = torch.rand(200, 2, generator=generator(), dtype=torch.float64)
    return Periodic(PDE).double()(points * torch.tensor([1.0, 2.0]) - torch.tensor([0.0, 1.0]))


def parameters(net: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def test_as_is_changes_nothing() -> None:
    net = MLP(in_features=3, out_features=1)
    before = parameters(net)
    AsIs()(net, embedded(), generator=generator())
    assert torch.equal(parameters(net), before)


def test_glorot_has_the_deviation_of_the_formula_and_no_bias() -> None:
    net = MLP(in_features=300, out_features=100, hidden=200, layers=2)
    Glorot(gain=2.0)(net, torch.zeros(1, 300), generator=generator())
    for layer in (net.blocks[0][0], net.blocks[1][0], net.head):
        expected = 2.0 * math.sqrt(2 / (layer.in_features + layer.out_features))
        assert abs(layer.weight.std().item() / expected - 1) < 0.02
        assert layer.bias.abs().max() == 0


@pytest.mark.parametrize(
    "net",
    [
        MLP(in_features=3, out_features=1, hidden=400),
        ModifiedMLP(in_features=3, out_features=1, hidden=400, layers=2),
        PirateNet(in_features=3, out_features=1, hidden=400, layers=1),
        PirateNet(in_features=3, out_features=1, hidden=3, layers=1),
        SIREN(in_features=3, out_features=1, hidden=400),
    ],
    ids=["mlp", "modified mlp", "pirate lifted", "pirate", "siren"],
)
def test_multi_scale_slopes_span_the_decades_and_hyperplanes_cross_the_domain(net: nn.Module) -> None:
    points = embedded()
    MultiScale(decades=1.5, lowest=-0.3)(net.double(), points, generator=generator())
    layers = first_layers(net)
    assert layers
    for layer in layers:
        exponents = layer.weight.norm(dim=1).log10()
        assert exponents.min() >= -0.3 - 1e-12
        assert exponents.max() <= 1.2
        nearest = (points @ layer.weight.T + layer.bias).abs().min(dim=0).values
        assert nearest.max() < 1e-12, "a point lies on every neuron's hyperplane"
        if layer.out_features == 400:
            assert exponents.min() < -0.27
            assert exponents.max() > 1.17
            assert abs(exponents.mean() - 0.45) < 0.07
            assert (layer.weight.mean(dim=0).abs() < 0.1 * layer.weight.abs().max()).all(), "no preferred direction"
    others = [m for m in net.modules() if isinstance(m, nn.Linear) and not any(m is layer for layer in layers)]
    assert all(layer.bias.abs().max() == 0 for layer in others)


@pytest.mark.parametrize("init", INITS.values(), ids=INITS.keys())
def test_a_seed_means_one_net_in_both_types(init: AsIs) -> None:
    nets = []
    for seed, dtype in ((1, torch.float64), (1, torch.float64), (1, torch.float32), (2, torch.float64)):
        torch.manual_seed(0)
        net = ModifiedMLP(in_features=3, out_features=1, hidden=5).to(dtype)
        init(net, embedded().to(dtype), generator=generator(seed))
        assert {p.dtype for p in net.parameters()} == {dtype}
        assert all(p.requires_grad and p.is_leaf for p in net.parameters())
        nets.append(parameters(net))
    assert torch.equal(nets[0], nets[1])
    torch.testing.assert_close(nets[2].double(), nets[0], rtol=1e-5, atol=1e-5)
    assert torch.equal(nets[0], nets[3]) == isinstance(init, AsIs)


def test_siren_takes_the_omega_of_the_sines() -> None:
    net = MLP(in_features=2, out_features=1, hidden=100, layers=2, activation=Sine(20.0))
    Siren()(net, embedded(), generator=generator())
    assert 0.9 / 2 < net.blocks[0][0].weight.abs().max() <= 1 / 2
    bound = math.sqrt(6 / 100) / 20
    assert 0.95 * bound < net.blocks[1][0].weight.abs().max() <= bound
    Siren(omega=2.0)(net, embedded(), generator=generator())
    assert 0.95 * 10 * bound < net.blocks[1][0].weight.abs().max() <= 10 * bound


def test_siren_without_sines_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"init=siren: MLP has no sine; take net=siren.*or give init.omega"):
        Siren()(MLP(in_features=2, out_features=1), embedded(), generator=generator())


@pytest.mark.parametrize(
    ("net", "points", "message"),
    [
        (ChebyshevKAN(in_features=3, out_features=1), torch.rand(5, 3), "ChebyshevKAN has no affine map of its input"),
        (MLP(in_features=2, out_features=1), torch.rand(5, 3), "MLP takes 2 features, the embedding gives 3"),
        (MLP(in_features=3, out_features=1), torch.rand(0, 3), r"expected embedded points \(N, F\), got \(0, 3\)"),
        (Linear(in_features=3, out_features=1, bias=False), torch.rand(5, 3), "a first layer of Linear has no bias"),
    ],
)
def test_nets_that_multi_scale_does_not_fit_are_left_alone(net: nn.Module, points: Tensor, message: str) -> None:
    before = parameters(net)
    with pytest.raises(ConfigError, match=message):
        MultiScale()(net, points, generator=generator())
    assert torch.equal(parameters(net), before)


@pytest.mark.parametrize(
    ("build", "change", "message"),
    [
        (Glorot, {"gain": 0.0}, "gain must be positive and finite, got 0.0"),
        (MultiScale, {"decades": -1.0}, "decades must be at least 0 and lowest finite, got decades=-1.0"),
        (MultiScale, {"lowest": math.nan}, "lowest=nan"),
        (Siren, {"omega": 0.0}, "omega must be positive and finite, or null, got 0.0"),
    ],
)
def test_impossible_arguments_are_refused(build: type, change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(**change)


@pytest.mark.parametrize(("order", "decades"), [(1, 1.5), (2, 1.5), (3, 1.0), (4, 0.75)])
def test_multi_scale_is_the_gentler_the_higher_the_order_of_the_equation(order: int, decades: float) -> None:
    equation = SimpleNamespace(derivatives=lambda: {(0, 0), (order, 0), (0, 1)})
    assert MultiScale(pde=equation).decades == decades
    assert MultiScale(pde=equation, decades=1.2).decades == 1.2
    assert MultiScale().decades == 1.5
