"""What every net from samples to rows of numbers promises: shapes, gradients, export, state, readable errors."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mlsci.nets.cnn import CNN
from mlsci.nets.deepset import DeepSet
from mlsci.nets.folded_mlp import FoldedMLP
from mlsci.nets.linear import Linear
from mlsci.nets.mlp import MLP
from mlsci.nets.resnet import ResNet
from mlsci.nets.rnn import RNN
from mlsci.nets.transformer import Transformer

Build = Callable[[], nn.Module]

CASES: dict[str, tuple[Build, tuple[int, ...]]] = {
    "linear": (lambda: Linear(in_features=12, out_features=3), (3, 4)),
    "linear without bias": (lambda: Linear(in_features=1, out_features=3, bias=False), (1,)),
    "mlp": (lambda: MLP(in_features=5, out_features=3), (5,)),
    "mlp with all": (
        lambda: MLP(
            in_features=6,
            out_features=3,
            hidden=8,
            layers=3,
            activation=nn.PReLU(),
            norm=True,
            dropout=0.2,
            residual=True,
        ),
        (2, 3),
    ),
    "cnn": (lambda: CNN(in_shape=(1, 8, 8), out_features=3, channels=(4, 8), hidden=16), (1, 8, 8)),
    "cnn with all": (
        lambda: CNN(
            in_shape=[3, 9, 14],
            out_features=3,
            channels=[4, 4, 4],
            kernel_size=5,
            hidden=8,
            dropout=0.1,
            norm=False,
            activation=nn.Tanh(),
        ),
        (3, 9, 14),
    ),
    "cnn on one row": (lambda: CNN(in_shape=(2, 1, 9), out_features=3, channels=(4,), hidden=8), (2, 1, 9)),
    "resnet": (lambda: ResNet(in_shape=(1, 8, 8), out_features=3, width=4, blocks=1), (1, 8, 8)),
    "resnet with all": (
        lambda: ResNet(in_shape=(3, 13, 9), out_features=3, width=4, stages=3, blocks=2, dropout=0.1),
        (3, 13, 9),
    ),
    "cnn on a ring": (
        lambda: CNN(in_shape=(2, 24), out_features=3, channels=(4, 8), hidden=8, periodic=True, average=True),
        (2, 24),
    ),
    "cnn on a series": (
        lambda: CNN(in_shape=(24, 2), out_features=3, channels=(4, 8), hidden=8, channels_last=True),
        (24, 2),
    ),
    "resnet on a ring": (
        lambda: ResNet(in_shape=(2, 24), out_features=3, width=4, blocks=1, periodic=True),
        (2, 24),
    ),
    "resnet on a series": (
        lambda: ResNet(in_shape=(24, 2), out_features=3, width=4, blocks=1, channels_last=True),
        (24, 2),
    ),
    "elman": (lambda: RNN(in_shape=(6, 2), out_features=3, kind="rnn", hidden=8), (6, 2)),
    "lstm": (lambda: RNN(in_shape=(6, 2), out_features=3, hidden=8, layers=2, dropout=0.1), (6, 2)),
    "gru": (
        lambda: RNN(in_shape=(2, 6), out_features=3, kind="gru", hidden=8, output="mean", channels_last=False),
        (2, 6),
    ),
    "folded": (lambda: FoldedMLP(in_shape=(6, 1), out_features=3, period=3), (6, 1)),
    "folded with all": (lambda: FoldedMLP(in_shape=(6, 1), out_features=3, period=3, hidden=8, layers=2), (6, 1)),
    "transformer": (lambda: Transformer(in_shape=(6, 2), out_features=3, width=16), (6, 2)),
    "transformer with all": (
        lambda: Transformer(
            in_shape=(2, 6),
            out_features=3,
            width=16,
            heads=2,
            layers=1,
            patch=2,
            positions="learned",
            causal=True,
            output="last",
            dropout=0.1,
            channels_last=False,
        ),
        (2, 6),
    ),
    "transformer on pictures": (
        lambda: Transformer(in_shape=(2, 8, 4), out_features=3, width=16, patch=4),
        (2, 8, 4),
    ),
    "transformer on sets": (
        lambda: Transformer(in_shape=(6, 2), out_features=3, width=16, positions="none", padded=True),
        (6, 2),
    ),
    "deepset": (lambda: DeepSet(in_shape=(6, 2), out_features=3, hidden=8), (6, 2)),
    "deepset with all": (
        lambda: DeepSet(
            in_shape=(6, 2),
            out_features=3,
            hidden=8,
            layers=1,
            pool="max",
            activation=nn.Tanh(),
            dropout=0.1,
            padded=True,
        ),
        (6, 2),
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> tuple[Build, tuple[int, ...]]:
    torch.manual_seed(0)
    return request.param


@pytest.mark.parametrize("batch", [1, 5])
def test_one_output_row_for_each_sample(case: tuple[Build, tuple[int, ...]], batch: int) -> None:
    build, shape = case
    assert build().eval()(torch.randn(batch, *shape)).shape == (batch, 3)


def test_samples_do_not_mix_in_eval_mode(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    net = build().eval().double()
    x = torch.randn(4, *shape, dtype=torch.float64)
    torch.testing.assert_close(net(x)[2:], net(x[2:]))


def test_a_gradient_reaches_every_parameter(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    net = build()
    net(torch.randn(16, *shape)).square().sum().backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert still == []


def test_state_dict_round_trip(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    net, other = build().eval(), build().eval()
    x = torch.randn(4, *shape)
    assert not torch.equal(net(x), other(x))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x), other(x))


def test_the_same_seed_builds_the_same_net(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    x = torch.randn(4, *shape)
    outputs: list[Tensor] = []
    for _ in range(2):
        torch.manual_seed(7)
        outputs.append(build().eval()(x))
    assert torch.equal(*outputs)


# torch exports recurrent cells well, and warns of a list of its own that it rebuilds.
@pytest.mark.filterwarnings("ignore:.*_flat_weights:UserWarning")
def test_torch_export_with_any_batch(case: tuple[Build, tuple[int, ...]], tmp_path: Path) -> None:
    build, shape = case
    net = build().eval()
    batch = {0: torch.export.Dim("batch", min=1)}
    program = torch.export.export(net, (torch.randn(4, *shape),), dynamic_shapes=(batch,))
    torch.export.save(program, tmp_path / "net.pt2")
    x = torch.randn(7, *shape)
    torch.testing.assert_close(torch.export.load(tmp_path / "net.pt2").module()(x), net(x))


# torch's own exporter still asks isinstance(treespec, LeafSpec).
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
@pytest.mark.parametrize("name", ["mlp with all", "cnn", "resnet", "transformer"])
def test_onnx_export_with_any_batch(name: str) -> None:
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    build, shape = CASES[name]
    net = build().eval()
    program = torch.onnx.export(
        net, (torch.randn(4, *shape),), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},), verbose=False
    )
    session = runtime.InferenceSession(program.model_proto.SerializeToString())
    x = torch.randn(7, *shape)
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), net(x).detach(), rtol=1e-4, atol=1e-5)


WRONG = [
    ("linear", (2, 7), r"expected \(B, 12\) or a shape that flattens to it, got \(2, 7\)"),
    ("mlp", (5,), r"expected \(B, 5\) or a shape that flattens to it, got \(5,\)"),
    ("cnn", (2, 3, 8, 8), r"expected \(B, 1, 8, 8\), got \(2, 3, 8, 8\)"),
    ("cnn", (1, 8, 8), r"expected \(B, 1, 8, 8\), got \(1, 8, 8\)"),
    ("resnet", (2, 3, 8, 8), r"expected \(B, 1, H, W\), got \(2, 3, 8, 8\)"),
    ("cnn on a ring", (2, 3, 24), r"expected \(B, 2, L\), got \(2, 3, 24\)"),
    ("cnn on a series", (2, 23, 2), r"expected \(B, 2, 24\), got \(2, 2, 23\)"),
    ("elman", (2, 6), r"expected \(B, T, 2\), got \(2, 6\)"),
    ("transformer", (2, 6, 3), r"expected \(B, T, 2\), got \(2, 6, 3\)"),
    ("transformer", (2, 7, 2), "at most 6 tokens.*got 7"),
    ("transformer on pictures", (2, 2, 4, 8), r"expected \(B, 2, 8, 4\), got \(2, 2, 4, 8\)"),
    ("deepset", (2, 6, 3), r"expected \(B, N, 2\), got \(2, 6, 3\)"),
]


@pytest.mark.parametrize(("name", "shape", "message"), WRONG)
def test_a_wrong_shape_is_refused(name: str, shape: tuple[int, ...], message: str) -> None:
    net = CASES[name][0]()
    with pytest.raises(ValueError, match=message):
        net(torch.zeros(shape))


@pytest.mark.parametrize("net", [CNN, ResNet])
@pytest.mark.parametrize("shape", [(10,), (1, 0, 8), (1, 2, 8, 8)])
def test_only_pictures_and_series_are_taken(net: type[CNN] | type[ResNet], shape: tuple[int, ...]) -> None:
    taken = rf"{net.__name__} takes pictures \(channels, height, width\) or series \(channels, length\), got"
    with pytest.raises(ValueError, match=taken) as error:
        net(in_shape=shape, out_features=2)
    assert str(error.value).endswith(f"got inputs of shape {shape}")
