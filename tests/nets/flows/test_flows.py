"""Every transform inverts, has the log-determinant of autograd's Jacobian, and keeps its symmetry."""

from functools import partial

import pytest
import torch
from torch import nn

from mlsci.errors import ConfigError
from mlsci.nets.fcn import FCN
from mlsci.nets.flows.autoregressive import MADE, AutoregressiveFlow
from mlsci.nets.flows.box_cox import BoxCox
from mlsci.nets.flows.coupling import CouplingFlow
from mlsci.nets.flows.elementwise import Affine, Composed
from mlsci.nets.flows.masks import Channels, Checkerboard, RandomHalves
from mlsci.nets.flows.pointwise import Pointwise
from mlsci.nets.flows.spectral import Spectral, SpectralFlow
from mlsci.nets.flows.spline import RationalQuadraticSpline
from mlsci.nets.mlp import MLP

NET = partial(MLP, in_features=1, out_features=1, hidden=16)
FIELD = partial(FCN, in_shape=(1, 1, 1), out_shape=(1, 1, 1), width=6, layers=1, periodic=True)
SPLINE = partial(RationalQuadraticSpline, bins=5, bound=3.0)
COUPLED = partial(CouplingFlow, net=FIELD, layers=4, odd=True)

CASES = {
    "affine": ((5,), 0, partial(CouplingFlow, net=NET, layers=4)),
    "affine, told": ((5,), 2, partial(CouplingFlow, net=NET, layers=4)),
    "spline": ((5,), 0, lambda **sizes: CouplingFlow(net=NET, layers=4, elementwise=SPLINE(), **sizes)),
    "channels": ((2, 3, 4), 1, lambda **sizes: CouplingFlow(net=FIELD, layers=3, masks=Channels(), **sizes)),
    "lattice": ((1, 4, 4), 0, COUPLED),
    "lattice, spline": ((1, 4, 4), 0, partial(COUPLED, elementwise=SPLINE())),
    "line": ((1, 6), 0, partial(CouplingFlow, net=FIELD, layers=2)),
    "pointwise": ((2, 3, 4), 0, Pointwise),
    "box cox": ((3,), 2, partial(Pointwise, elementwise=BoxCox())),
    "composed": ((2, 3, 4), 0, partial(Pointwise, elementwise=Composed([BoxCox(), SPLINE(), Affine()]))),
    "pointwise, told": ((5,), 2, partial(Pointwise, elementwise=SPLINE())),
    "spectral pointwise": ((1, 4, 4), 0, partial(SpectralFlow, flow=Pointwise)),
    "masked": ((5,), 2, AutoregressiveFlow),
    "masked spline": ((2, 3), 0, lambda **sizes: AutoregressiveFlow(layers=3, elementwise=SPLINE(), **sizes)),
    "spectral": ((2, 4, 5), 0, partial(SpectralFlow, flow=COUPLED, odd=True)),
    "spectral line": ((1, 6), 0, SpectralFlow),
}


def build(name: str, *, seed: int = 0) -> tuple[tuple[int, ...], int, nn.Module]:
    """A transform that is far from the identity."""
    torch.manual_seed(seed)
    shape, features, make = CASES[name]
    flow = make(shape=shape, features=features)
    for key, parameter in flow.named_parameters():
        if key.endswith(("gain", "knots", "shift.weight")):
            with torch.no_grad():
                strength = 1.0 if key.endswith(".gain") else 0.3
                parameter.copy_(strength * torch.randn(parameter.shape))
    return shape, features, flow


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("dtype", "bar"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_it_inverts(name: str, dtype: torch.dtype, bar: float) -> None:
    shape, features, flow = build(name)
    flow = flow.to(dtype)
    x, told = torch.randn(200, *shape, dtype=dtype), torch.randn(200, features, dtype=dtype)
    z, log_det = flow(x, told)
    back, opposite = flow.inverse(z, told)
    assert (z - x).abs().mean() > 0.05
    assert (back - x).abs().max() < bar * x.abs().max()
    assert (log_det + opposite).abs().max() < 20 * bar


@pytest.mark.parametrize("name", CASES)
def test_its_log_determinant_is_that_of_the_jacobian(name: str) -> None:
    shape, features, flow = build(name)
    flow = flow.double()
    told = torch.randn(1, features, dtype=torch.float64)
    for scale in (0.5, 2.0):
        x = scale * torch.randn(1, *shape, dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(lambda x: flow(x, told)[0], x).reshape(x.numel(), x.numel())
        assert abs(float(flow(x, told)[1].detach()) - float(jacobian.slogdet()[1])) < 1e-9


@pytest.mark.parametrize("name", ["lattice", "lattice, spline", "spectral"])
def test_odd_flows_are_odd_and_others_are_not(name: str) -> None:
    shape, _, flow = build(name)
    flow, none = flow.double(), torch.zeros(20, 0, dtype=torch.float64)
    x = torch.randn(20, *shape, dtype=torch.float64)
    for way in (flow, flow.inverse):
        there, back = way(x, none), way(-x, none)
        torch.testing.assert_close(there[0], -back[0])
        torch.testing.assert_close(there[1], back[1])
    plain = CouplingFlow(shape=shape, net=FIELD, layers=4).double()
    assert (plain(x, none)[0] + plain(-x, none)[0]).abs().max() > 1e-3


def test_periodic_couplings_commute_with_shifts_by_two() -> None:
    shape, _, flow = build("lattice, spline")
    flow, none = flow.double(), torch.zeros(5, 0, dtype=torch.float64)
    x = torch.randn(5, *shape, dtype=torch.float64)
    for shift in ((2, 0), (1, 1)):
        torch.testing.assert_close(flow(x.roll(shift, (2, 3)), none)[0], flow(x, none)[0].roll(shift, (2, 3)))


def test_no_parameters_are_the_identity_and_reflection_reflects() -> None:
    torch.manual_seed(0)
    x = 4 * torch.randn(400, dtype=torch.float64)
    for map_ in (Affine(), RationalQuadraticSpline(bins=6, bound=3.0), BoxCox(), Composed([BoxCox(), Affine()])):
        y, log_slope = map_(x, torch.zeros(400, map_.count, dtype=torch.float64))
        assert (y - x).abs().max() < 0.01
        assert log_slope.abs().max() < 0.01
        p = torch.randn(400, map_.count, dtype=torch.float64)
        torch.testing.assert_close(map_(x, map_.reflected(p))[0], -map_(-x, p)[0])


def test_box_cox_makes_a_normal_variable_of_a_log_normal_one() -> None:
    g = torch.randn(1000, dtype=torch.float64)
    y, _ = BoxCox()((0.7 * g).expm1(), torch.ones(1, dtype=torch.float64))
    torch.testing.assert_close(y, 0.7 * g)


def test_a_spline_grows_and_is_smooth_across_its_knots_and_ends() -> None:
    torch.manual_seed(0)
    spline = RationalQuadraticSpline(bins=5, bound=2.0)
    x = torch.linspace(-2.5, 2.5, 20001, dtype=torch.float64)
    y, log_slope = spline(x, 0.5 * torch.randn(spline.count, dtype=torch.float64).expand(20001, -1))
    slopes = y.diff() / x.diff()
    assert slopes.min() > 0
    assert (slopes - 0.5 * (log_slope.exp()[1:] + log_slope.exp()[:-1])).abs().max() < 2e-3
    assert log_slope.diff().abs().max() < 0.05


def test_outputs_of_made_see_only_what_comes_before_them() -> None:
    torch.manual_seed(0)
    net = MADE(6, count=2, features=1, hidden=12, layers=2).double()
    x, told = torch.randn(1, 6, dtype=torch.float64), torch.randn(1, 1, dtype=torch.float64)
    seen = torch.autograd.functional.jacobian(lambda x: net(x, told)[0, :, 0], x)[:, 0]  # (6, 6)
    assert torch.equal(seen.abs() > 0, torch.ones(6, 6).tril(-1) > 0)
    assert (torch.autograd.functional.jacobian(lambda c: net(x, c)[0, :, 0], told)[:, 0] != 0).all()


def test_a_spectral_filter_whitens_a_field_with_its_spectrum() -> None:
    torch.manual_seed(0)
    flow, none = Spectral(shape=(1, 16)), torch.zeros(4000, 0)
    noise = torch.randn(4000, 1, 16)
    kernel = torch.zeros(16)
    kernel[[0, 1, 15]] = torch.tensor([1.0, 0.4, 0.4])
    gain = torch.fft.fft(kernel).real
    x = torch.fft.ifft(torch.fft.fft(noise) * gain).real
    with torch.no_grad():
        flow.log_gain.copy_(gain.log()[None])
        z, log_det = flow(x, none)
    torch.testing.assert_close(z, noise, atol=1e-4, rtol=0)
    assert abs(float(log_det[0]) + float(gain.log().sum())) < 1e-4


def test_masks_keep_half_and_every_value_moves() -> None:
    for mask, shape in ((Checkerboard(), (2, 4, 6)), (Channels(), (4, 3)), (RandomHalves(), (8,))):
        first, second = mask(shape, 0), mask(shape, 1)
        assert torch.equal(first, ~second)
        assert int(first.sum()) == first.numel() // 2
    assert not torch.equal(RandomHalves()((8,), 0), RandomHalves()((8,), 2))
    with pytest.raises(ConfigError, match="Channels need at least two"):
        Channels()((1, 4, 4), 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: CouplingFlow(shape=(5,), net=NET, layers=1),
        lambda: AutoregressiveFlow(shape=(5,), layers=0),
        lambda: RationalQuadraticSpline(bins=1),
        lambda: Affine(limit=0.0),
    ],
)
def test_nonsense_is_refused(make) -> None:
    with pytest.raises(ValueError, match=r"layers|bins|limit"):
        make()
