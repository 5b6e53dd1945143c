"""What every net from fields to fields promises: gradients, export, state, other grids, readable errors."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from mlsci.nets.fno import FNO
from mlsci.nets.unet import UNet

Build = Callable[[], nn.Module]

CASES: dict[str, tuple[Build, tuple[int, ...]]] = {
    "fno 1-d": (lambda: FNO(in_shape=(2, 16), out_shape=(3, 16), modes=5, width=6, layers=2, hidden=8), (2, 16)),
    "fno 2-d": (
        lambda: FNO(
            in_shape=[2, 12, 9],
            out_shape=[3, 12, 9],
            modes=[3, 4],
            width=6,
            layers=2,
            hidden=8,
            mixing=False,
            activation=nn.Tanh(),
            coordinates=False,
            padding=0.2,
        ),
        (2, 12, 9),
    ),
    "unet 1-d": (lambda: UNet(in_shape=(2, 17), out_shape=(3, 17), width=4, levels=3), (2, 17)),
    "unet 2-d": (
        lambda: UNet(
            in_shape=[2, 9, 14],
            out_shape=[3, 9, 14],
            width=6,
            levels=2,
            activation=nn.Tanh(),
            periodic=True,
        ),
        (2, 9, 14),
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> tuple[Build, tuple[int, ...]]:
    torch.manual_seed(0)
    return request.param


def test_fields_of_this_and_other_grids_pass(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    for factor in (1, 2):
        grid = [factor * side for side in shape[1:]]
        assert build().eval()(torch.randn(2, shape[0], *grid)).shape == (2, 3, *grid)


def test_samples_do_not_mix(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    net = build().double()
    x = torch.randn(4, *shape, dtype=torch.float64)
    torch.testing.assert_close(net(x)[2:], net(x[2:]))


def test_a_finite_gradient_reaches_every_parameter(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    net = build()
    net(torch.randn(4, *shape)).square().sum().backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not 0 < p.grad.abs().max() < float("inf")]
    assert still == []


def test_the_gradient_is_that_of_differences(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    net = build().double()
    x = torch.randn(1, *shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(net, (x,), fast_mode=True)


def test_state_dict_round_trip(case: tuple[Build, tuple[int, ...]]) -> None:
    build, shape = case
    net, other = build(), build()
    x = torch.randn(4, *shape)
    assert not torch.equal(net(x), other(x))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x), other(x))


def test_torch_export_with_any_batch(case: tuple[Build, tuple[int, ...]], tmp_path: Path) -> None:
    build, shape = case
    net = build().eval()
    batch = {0: torch.export.Dim("batch", min=1)}
    program = torch.export.export(net, (torch.randn(4, *shape),), dynamic_shapes=(batch,))
    torch.export.save(program, tmp_path / "net.pt2")
    x = torch.randn(7, *shape)
    torch.testing.assert_close(torch.export.load(tmp_path / "net.pt2").module()(x), net(x))


@pytest.mark.parametrize("net", [FNO, UNet])
@pytest.mark.parametrize(
    ("inputs", "targets"), [((10,), (1,)), ((1, 8, 8), ()), ((1, 8), (1, 9)), ((1, 8), (8, 1)), ((1, 4, 4, 4),) * 2]
)
def test_only_fields_on_one_grid_are_taken(
    net: type[FNO] | type[UNet], inputs: tuple[int, ...], targets: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=f"{net.__name__} maps fields .* to fields on the same grid, got") as error:
        net(in_shape=inputs, out_shape=targets)
    assert str(error.value).endswith(f"got inputs of shape {inputs} and targets of shape {targets}")


def test_a_wrong_shape_is_refused() -> None:
    for name, wanted in (("fno 1-d", "B, 2, L"), ("unet 2-d", "B, 2, H, W")):
        with pytest.raises(ValueError, match=rf"expected \({wanted}\), got \(1, 3, 8, 8\)"):
            CASES[name][0]()(torch.zeros(1, 3, 8, 8))
