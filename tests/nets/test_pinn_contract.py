"""What every net and embedding for differential equations promises."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from mlsci.nets.activations import Sine
from mlsci.nets.embedding import Fourier, Periodic, Rescale
from mlsci.nets.kan import ChebyshevKAN
from mlsci.nets.mlp import MLP
from mlsci.nets.modified_mlp import ModifiedMLP
from mlsci.nets.pirate import PirateNet
from mlsci.nets.siren import SIREN
from mlsci.science.jets import Layout, coordinates

PDE = SimpleNamespace(inputs={"x": (0.0, 0.3), "t": (-1.0, 2.0)}, periodic=("x",), mirrors={})
NETS: dict[str, Callable[[], nn.Module]] = {
    "modified mlp": lambda: ModifiedMLP(in_features=4, out_features=2, hidden=5, layers=3),
    "modified mlp of sines": lambda: ModifiedMLP(in_features=4, out_features=2, hidden=5, activation=Sine(2.0)),
    "pirate": lambda: PirateNet(in_features=4, out_features=2, hidden=5, layers=2, alpha=0.3),
    "pirate without lift": lambda: PirateNet(in_features=4, out_features=2, hidden=4, layers=1, alpha=0.3),
    "siren": lambda: SIREN(in_features=4, out_features=2, hidden=5, layers=2, omega_first=3.0, omega_hidden=2.0),
    "kan": lambda: ChebyshevKAN(in_features=4, out_features=2, hidden=3, degree=3),
    "kan of degree one": lambda: ChebyshevKAN(in_features=4, out_features=2, hidden=3, layers=1, degree=1),
}
EMBEDDINGS: dict[str, Callable[[], nn.Module]] = {
    "rescale": lambda: Rescale(PDE),
    "periodic": lambda: Periodic(PDE, harmonics=2),
    "fourier": lambda: Fourier(PDE, features=8, scale=1.5),
}
net_cases = pytest.mark.parametrize("build", NETS.values(), ids=NETS.keys())
embedding_cases = pytest.mark.parametrize("build", EMBEDDINGS.values(), ids=EMBEDDINGS.keys())


def derivative(function: Callable[[Tensor], Tensor], x: Tensor, index: tuple[int, ...]) -> Tensor:
    """D^index of the summed outputs at each point, by nested autograd."""
    x = x.clone().requires_grad_()
    value = function(x).sum(dim=1)
    for column, times in enumerate(index):
        for _ in range(times):
            value = torch.autograd.grad(value.sum(), x, create_graph=True)[0][:, column]
    return value


@net_cases
@pytest.mark.parametrize("points", [1, 5])
def test_one_output_row_for_each_point(build: Callable[[], nn.Module], points: int) -> None:
    assert build()(torch.randn(points, 4)).shape == (points, 2)


@net_cases
def test_a_gradient_reaches_every_parameter(build: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    net = build()
    net(torch.randn(16, 4)).square().sum().backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert still == []


@net_cases
def test_state_dict_round_trip_and_seed(build: Callable[[], nn.Module]) -> None:
    torch.manual_seed(7)
    net, other = build(), build()
    torch.manual_seed(7)
    again, x = build(), torch.randn(4, 4)
    assert torch.equal(net(x), again(x))
    assert not torch.equal(net(x), other(x))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x), other(x))


@net_cases
def test_double_gives_the_same_function(build: Callable[[], nn.Module]) -> None:
    net, x = build(), torch.randn(6, 4)
    expected = net(x)
    found = net.double()(x.double())
    assert found.dtype == torch.float64
    torch.testing.assert_close(found.float(), expected, rtol=1e-4, atol=1e-5)


@net_cases
def test_torch_export_with_any_batch(build: Callable[[], nn.Module]) -> None:
    net = build()
    program = torch.export.export(net, (torch.randn(4, 4),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    x = torch.randn(7, 4)
    torch.testing.assert_close(program.module()(x), net(x))


@net_cases
def test_another_number_of_features_is_refused(build: Callable[[], nn.Module]) -> None:
    with pytest.raises(ValueError, match=r"expected \(B, 4\), got \(2, 3\)"):
        build()(torch.zeros(2, 3))


@embedding_cases
def test_another_number_of_coordinates_is_refused(build: Callable[[], nn.Module]) -> None:
    with pytest.raises(ValueError, match=r"expected \(B, 2\), got \(5, 3\)"):
        build()(torch.zeros(5, 3))


@embedding_cases
def test_features_are_the_columns_that_come_out(build: Callable[[], nn.Module]) -> None:
    embedding = build()
    assert embedding(torch.rand(3, 2)).shape == (3, embedding.features)


@pytest.mark.parametrize("pair", [*((name, "periodic") for name in NETS), *(("mlp", name) for name in EMBEDDINGS)])
def test_taylor_streams_equal_nested_autograd(pair: tuple[str, str]) -> None:
    """The modules use only what a jet has a rule for."""
    torch.manual_seed(0)
    embedding = EMBEDDINGS[pair[1]]().double()
    if pair[0] == "mlp":
        net = MLP(in_features=embedding.features, out_features=2, hidden=5, activation=Sine()).double()
    else:
        embedding = Rescale(
            SimpleNamespace(inputs=dict.fromkeys("abcd", (-2.0, 1.0)), periodic=(), mirrors={})
        ).double()
        net = NETS[pair[0]]().double()
    width = len(embedding.ranges) if isinstance(embedding, Rescale) else 2
    x = 0.3 * torch.rand(6, width, dtype=torch.float64)
    rest = (0,) * (width - 2)
    layout = Layout.of([(2, 1, *rest), (3, 0, *rest)], dimension=width)
    jet = net(embedding(coordinates(x, layout)))
    for index in layout.indices:
        expected = derivative(lambda points: net(embedding(points)), x, index)
        torch.testing.assert_close(jet.derivative(index).sum(dim=1), expected, rtol=1e-10, atol=1e-10)
