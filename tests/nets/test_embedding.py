import math
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from mlsci.nets.embedding import Fourier, Periodic, Rescale


def pde(
    periodic: tuple[str, ...] = ("x",), mirrors: dict[str, SimpleNamespace] | None = None, **inputs: tuple[float, float]
) -> SimpleNamespace:
    inputs = inputs or {"x": (0.1, 0.4), "t": (0.0, 3.0)}
    return SimpleNamespace(inputs=inputs, periodic=periodic, mirrors=mirrors or {})


def points(count: int = 9) -> Tensor:
    random = torch.rand(count, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return torch.tensor([0.1, 0.0], dtype=torch.float64) + random * torch.tensor([0.3, 3.0], dtype=torch.float64)


def test_ranges_become_minus_one_to_one() -> None:
    ends = torch.tensor([[0.1, 0.0], [0.25, 1.5], [0.4, 3.0]], dtype=torch.float64)
    expected = torch.tensor([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(Rescale(pde()).double()(ends), expected, rtol=0, atol=1e-15)


def test_harmonics_of_minus_one_to_one_are_cosine_and_sine_of_pi_k_x() -> None:
    embedding = Periodic(pde(t=(0.0, 1.0), x=(-1.0, 1.0)), harmonics=2).double()
    x = points()
    t, angle = x[:, 0], math.pi * x[:, 1]
    waves = [torch.cos(angle), torch.sin(angle), torch.cos(2 * angle), torch.sin(2 * angle)]
    torch.testing.assert_close(embedding(x), torch.stack([2 * t - 1, *waves], dim=1), rtol=0, atol=1e-14)
    assert embedding.features == 5


def test_fourier_features_are_waves_across_the_domain() -> None:
    embedding = Fourier(pde(), features=6, scale=2.0).double()
    z = (points() - torch.tensor([0.25, 1.5])) / torch.tensor([0.15, 1.5], dtype=torch.float64)
    phase = math.pi * z @ embedding.waves.T
    expected = torch.cat([torch.cos(phase), torch.sin(phase)], dim=1)
    torch.testing.assert_close(embedding(points()), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("default", [torch.float32, torch.float64])
@pytest.mark.parametrize("build", [lambda: Periodic(pde(), harmonics=3), lambda: Fourier(pde(), scale=2.0)])
def test_it_repeats_with_the_domain_and_so_do_its_derivatives(
    build: Callable[[], nn.Module], default: torch.dtype
) -> None:
    torch.set_default_dtype(default)
    try:
        embedding = build().double()
    finally:
        torch.set_default_dtype(torch.float32)
    embedded, slope, curvature = derivatives(embedding, points())
    period = torch.tensor([0.3, 0.0], dtype=torch.float64)  # not a number of float32
    after, slope_after, curvature_after = derivatives(embedding, points() + period)
    for found, expected in ((after, embedded), (slope_after, slope), (curvature_after, curvature)):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12 * max(1.0, expected.abs().max().item()))
    _, moved, _ = derivatives(embedding, points() + torch.tensor([0.1, 0.0]))
    assert (moved - slope).abs().max() > 1


def derivatives(embedding: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The features and their first and second derivatives by the first coordinate, each (features, N)."""
    x = x.clone().requires_grad_()
    values = embedding(x)
    rows = []
    for column in range(values.shape[1]):
        (slope,) = torch.autograd.grad(values[:, column].sum(), x, create_graph=True)
        if not slope.requires_grad:
            slope = slope + 0 * x
        (curvature,) = torch.autograd.grad(slope[:, 0].sum(), x, retain_graph=True)
        rows.append((values[:, column].detach(), slope[:, 0].detach(), curvature[:, 0]))
    return tuple(torch.stack(parts) for parts in zip(*rows, strict=True))  # type: ignore[return-value]


def test_without_periodic_coordinates_it_is_the_rescaling() -> None:
    free = pde(periodic=())
    x = points()
    assert torch.equal(Periodic(free).double()(x), Rescale(free).double()(x))


def test_periodic_coordinates_get_whole_waves_and_others_do_not() -> None:
    waves = Fourier(pde(), features=64, scale=1.5).waves
    assert torch.equal(waves[:, 0], waves[:, 0].round())
    assert not torch.equal(waves[:, 1], waves[:, 1].round())
    assert abs(waves[:, 1].std().item() / 1.5 - 1) < 0.4


def test_a_seed_means_its_waves_and_the_state_dict_carries_them() -> None:
    first, again, other = Fourier(pde(), seed=1), Fourier(pde(), seed=1), Fourier(pde(), seed=2)
    assert torch.equal(first.waves, again.waves)
    assert not torch.equal(first.waves, other.waves)
    other.load_state_dict(first.state_dict())
    assert torch.equal(other(points().float()), first(points().float()))


@pytest.mark.parametrize("build", [Rescale, Periodic, Fourier])
def test_the_type_follows(build: Callable[[SimpleNamespace], nn.Module]) -> None:
    assert build(pde())(points().float()).dtype == torch.float32
    assert build(pde()).double()(points()).dtype == torch.float64
    assert build(pde()).double().float()(points().float()).dtype == torch.float32


def test_the_equation_itself_is_not_kept() -> None:
    equation = pde()
    held = [value for module in Fourier(equation).modules() for value in vars(module).values()]
    assert not any(value is equation for value in held)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Rescale(SimpleNamespace(inputs={}, periodic=(), mirrors={})), "expected at least one coordinate"),
        (lambda: Rescale(pde(x=(1.0, 1.0))), r"pde.inputs.x: expected finite low < high, got \(1.0, 1.0\)"),
        (lambda: Rescale(pde(x=(0.0, math.inf))), r"pde.inputs.x: expected finite low < high, got \(0.0, inf\)"),
        (lambda: Rescale(pde(x=(math.nan, 1.0))), r"pde.inputs.x: expected finite low < high, got \(nan, 1.0\)"),
        (lambda: Periodic(pde(periodic=("y",))), "pde.periodic: no coordinate 'y'; known: x, t"),
        (lambda: Periodic(pde(), harmonics=0), "harmonics must be at least 1, got 0"),
        (lambda: Fourier(pde(periodic=("y",))), "pde.periodic: no coordinate 'y'; known: x, t"),
        (lambda: Fourier(pde(), features=7), r"features must be even .* got 7"),
        (lambda: Fourier(pde(), features=0), r"features must be even .* got 0"),
        (lambda: Fourier(pde(), scale=0.0), "scale must be positive and finite, got 0.0"),
        (lambda: Fourier(pde(), scale=0.01), r"no wave is left in \['x'\]; raise scale"),
    ],
)
def test_impossible_arguments_are_refused(build: Callable[[], nn.Module], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_mirrored_coordinate_becomes_the_cosines_about_its_mirror() -> None:
    mirrored = pde(mirrors={"x": SimpleNamespace(at=0.2)})
    embedding = Periodic(mirrored, harmonics=2).double()
    x = points()
    phase = 2 * math.pi / 0.3 * (x[:, 0] - 0.2)
    expected = torch.stack([torch.cos(phase), torch.cos(2 * phase), x[:, 1] / 1.5 - 1], dim=1)
    torch.testing.assert_close(embedding(x), expected, rtol=0, atol=1e-12)
    assert embedding.features == 3
    assert Periodic(mirrored, harmonics=2, fold=False).features == 5


def test_only_periodic_coordinates_have_mirrors() -> None:
    with pytest.raises(ValueError, match=r"pde\.mirrors: 't' is not among the periodic coordinates: x"):
        Periodic(pde(mirrors={"t": SimpleNamespace(at=0.0)}))
