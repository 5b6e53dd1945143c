import pytest
import torch
from torch import nn

from mlsci.nets.unet import Double, UNet


def net_of(*shape: int, **changes: object) -> UNet:
    torch.manual_seed(0)
    return UNet(in_shape=shape, out_shape=(3, *shape[1:]), **{"width": 4, "levels": 3, **changes}).double()


@pytest.mark.parametrize("grid", [(8,), (9,), (13,), (4, 4), (5, 7), (8, 11)])
@pytest.mark.parametrize("periodic", [True, False])
def test_outputs_have_the_grid_of_inputs_odd_or_even(grid: tuple[int, ...], periodic: bool) -> None:
    net = net_of(2, *grid, periodic=periodic)
    assert net(torch.randn(2, 2, *grid, dtype=torch.float64)).shape == (2, 3, *grid)


@pytest.mark.parametrize("shape", [(2, 16), (2, 16, 8)])
def test_on_a_torus_it_commutes_with_shifts_by_what_the_coarsest_level_takes_together(shape: tuple[int, ...]) -> None:
    x = torch.randn(2, *shape, dtype=torch.float64)
    axes = tuple(range(2, x.ndim))
    steps = (4,) * len(axes)
    for periodic in (True, False):
        net = net_of(*shape, periodic=periodic)
        difference = (net(x.roll(steps, axes)) - net(x).roll(steps, axes)).abs().max()
        assert (difference < 1e-13) == periodic
    assert (net(x.roll(1, 2)) - net(x).roll(1, 2)).abs().max() > 1e-6


def test_the_coarsest_level_is_seen_from_afar() -> None:
    reach = {}
    for levels in (1, 4):
        x = torch.zeros(1, 2, 64, dtype=torch.float64, requires_grad=True)
        # Group norm sees the whole grid: without it what is left is what convolutions reach.
        net = net_of(2, 64, levels=levels, activation=nn.Identity())
        for module in net.modules():
            if isinstance(module, Double):
                module[1] = module[4] = nn.Identity()
        net(x)[0, 0, 32].backward()
        assert x.grad is not None
        seen = x.grad[0, 0].nonzero()
        reach[levels] = int(seen.max() - seen.min())
    assert reach[1] == 4  # two convolutions of three points
    assert reach[4] > 40


def test_parameters() -> None:
    def double(a: int, b: int) -> int:
        return (9 * a + 1) * b + (9 * b + 1) * b + 2 * 2 * b

    down = double(2, 4) + double(8, 8)
    between = (9 * 4 + 1) * 8 + (9 * 8 + 1) * 4
    net = net_of(2, 8, 8, levels=2)
    assert sum(p.numel() for p in net.parameters()) == down + between + double(8, 4) + (4 + 1) * 3


@pytest.mark.parametrize(("levels", "grid", "most"), [(4, (7, 9), 3), (0, (8,), 4), (6, (16,), 5)])
def test_more_levels_than_the_grid_has_are_refused(levels: int, grid: tuple[int, ...], most: int) -> None:
    with pytest.raises(ValueError, match=f"UNet: levels must be from 1 to {most} on .*, got {levels}"):
        net_of(2, *grid, levels=levels)
    assert net_of(2, *grid, levels=most)(torch.zeros(1, 2, *grid, dtype=torch.float64)).shape == (1, 3, *grid)
