import pytest
import torch
from torch import Tensor, nn

from mlsci.nets.fno import FNO


class Square(nn.Module):
    """x²: waves below m become waves below 2 m - 1, and no others."""

    def forward(self, x: Tensor) -> Tensor:
        return x.square()


def net_of(*shape: int, **changes: object) -> FNO:
    torch.manual_seed(0)
    small = {"modes": 4, "width": 6, "layers": 3, "hidden": 8, "coordinates": False}
    return FNO(in_shape=shape, out_shape=(3, *shape[1:]), **{**small, **changes}).double()


@pytest.mark.parametrize("shape", [(2, 16), (2, 12, 9)])
def test_it_commutes_with_cyclic_shifts(shape: tuple[int, ...]) -> None:
    net, x = net_of(*shape), torch.randn(2, *shape, dtype=torch.float64)
    steps, axes = (5, 2)[: len(shape) - 1], tuple(range(2, x.ndim))
    shifted = net(x.roll(steps, axes))
    torch.testing.assert_close(shifted, net(x).roll(steps, axes), rtol=0, atol=1e-13)
    for change in ({"coordinates": True}, {"padding": 0.25}):
        bound = net_of(*shape, **change)
        assert (bound(x.roll(steps, axes)) - bound(x).roll(steps, axes)).abs().max() > 1e-6


def waves(*sides: int) -> Tensor:
    """A function of waves below 3 on a grid: (1, 2, *sides)."""
    axes = [2 * torch.pi * torch.arange(side, dtype=torch.float64) / side for side in sides]
    x, y = torch.meshgrid(*axes, indexing="ij") if len(sides) == 2 else (axes[0], torch.ones_like(axes[0]))
    return torch.stack((torch.cos(2 * x - y) + 0.3, torch.sin(x + 2 * y))).unsqueeze(0)


@pytest.mark.parametrize("sides", [(20,), (20, 21)])
def test_two_grids_of_one_function_give_one_function(sides: tuple[int, ...]) -> None:
    net = net_of(2, *sides, layers=2, mixing=False, modes=6, activation=Square())
    every = (..., *(slice(None, None, 2) for _ in sides))
    fine = net(waves(*(2 * side for side in sides)))
    torch.testing.assert_close(fine[every], net(waves(*sides)), rtol=0, atol=1e-12)


def test_with_gelu_the_difference_between_grids_falls_faster_than_any_power() -> None:
    net, exact = net_of(2, 16), None
    errors = []
    for side in (256, 16, 32, 64):
        found = net(5 * waves(side))[..., :: side // 16]
        exact = found if exact is None else exact
        errors.append(float((found - exact).detach().abs().max()))
    assert 1e-4 > errors[1] > 1e-6  # 1.7e-5
    assert errors[2] < 1e-8  # 3e-9
    assert errors[3] < 1e-14


def test_relative_coordinates_do_not_depend_on_the_grid() -> None:
    coarse, fine = torch.zeros(2, 1, 8, 5), torch.zeros(2, 1, 16, 10)
    periodic = FNO(in_shape=(1, 8, 5), out_shape=(8, 5), modes=2)
    assert torch.equal(periodic._places(fine)[..., ::2, ::2], periodic._places(coarse))
    ended = FNO(in_shape=(1, 8, 5), out_shape=(8, 5), modes=2, padding=0.5)
    places = ended._places(coarse)
    assert places.shape == (2, 2, 8, 5)
    assert torch.equal(places[0, 0, :, 0], torch.arange(8) / 7)
    assert torch.equal(places[0, 1, 0], torch.arange(5) / 4)


@pytest.mark.parametrize("shape", [(2, 16), (2, 12, 9)])
def test_a_layer_multiplies_each_coefficient_by_its_matrix(shape: tuple[int, ...]) -> None:
    net = net_of(*shape, layers=1, mixing=False)
    net.lift, net.project = nn.Identity(), nn.Identity()
    nn.init.zeros_(net.layers[0].skip.weight)
    nn.init.zeros_(net.layers[0].skip.bias)
    v = torch.randn(2, 6, *shape[1:], dtype=torch.float64)
    net.channels, net.lift.weight = 6, v
    weight = torch.view_as_complex(net.layers[0].weight)
    matrix, k = (weight[2], (2,)) if len(shape) == 2 else (weight[3 - 1, 2], (-1, 2))
    axes = tuple(range(2, v.ndim))
    before, after = (torch.fft.fftn(field, dim=axes)[(..., *k)] for field in (v, net(v)))
    torch.testing.assert_close(after, before @ matrix, rtol=0, atol=1e-12)
    assert torch.fft.fftn(net(v), dim=axes)[(..., *(4 for _ in axes))].abs().max() < 1e-12


def test_a_grid_with_fewer_points_than_modes_passes() -> None:
    assert net_of(2, 16)(torch.randn(1, 2, 5, dtype=torch.float64)).shape == (1, 3, 5)
    assert net_of(2, 12, 9)(torch.randn(1, 2, 4, 5, dtype=torch.float64)).shape == (1, 3, 4, 5)


@pytest.mark.parametrize("mixing", [True, False])
def test_parameters(mixing: bool) -> None:
    net = net_of(2, 12, 9, modes=[3, 4], layers=2, mixing=mixing, coordinates=True)
    point = 6 * 6 + 6
    layer = 2 * 6 * 6 * (2 * 3 - 1) * 4 + point * (3 if mixing else 1)
    assert sum(p.numel() for p in net.parameters()) == (4 * 6 + 6) + 2 * layer + (6 * 8 + 8) + (8 * 3 + 3)


def test_every_layer_but_the_last_is_nonlinear() -> None:
    net = net_of(2, 16)
    assert [type(layer.activation) for layer in net.layers] == [nn.GELU, nn.GELU, nn.Identity]


def test_half_precision_keeps_the_series_whole() -> None:
    net = net_of(2, 16).float()
    x = torch.randn(2, 2, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = net(x)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), net(x), rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modes": 9}, "modes must be from 1 to half of the points, here 8, got 9"),
        ({"modes": 0}, "here 8, got 0"),
        ({"modes": [2, 2]}, r"here 8, got \[2, 2\]"),
        ({"padding": -0.1}, "padding is a share of the side, at least 0, got -0.1"),
    ],
)
def test_what_a_grid_does_not_carry_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        net_of(2, 16, **change)
