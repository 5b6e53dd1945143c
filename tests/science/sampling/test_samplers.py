"""What holds for every sampler, and for those that know no residual."""

import math
from pathlib import Path

import pytest
import torch
import yaml

from mlsci.errors import ConfigError
from mlsci.science.geometry.base import Geometry
from mlsci.science.geometry.box import Box
from mlsci.science.geometry.disc import Disc
from mlsci.science.geometry.polygon import Polygon
from mlsci.science.geometry.product import Product
from mlsci.science.sampling.adaptive import Adaptive
from mlsci.science.sampling.base import Sampler, held_out
from mlsci.science.sampling.grid import Grid
from mlsci.science.sampling.sobol import Sobol
from mlsci.science.sampling.uniform import Uniform

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "sampler"
KINDS = {"grid": Grid, "uniform": Uniform, "sobol": Sobol, "adaptive": Adaptive}
SQUARE = Box({"x": (-1, 1), "t": (0, 0.5)})
THIN_ELL = Polygon([(0, 0), (1, 0), (1, 1), (0.999, 1), (0.999, 0.001), (0, 0.001)])
SHAPES: dict[str, Geometry] = {
    "interval": Box({"x": (0, 1)}),
    "rectangle": SQUARE,
    "disc": Disc((0, 0), 2),
    "needle": Polygon([(0, 0), (1, 1), (0.999, 1.001)]),
    "ring": Disc((0, 0), 1) - Disc((0, 0), 0.9),
    "cylinder": Product(Disc((0, 0), 1), name="t", lo=0, hi=1),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bump(x: torch.Tensor) -> torch.Tensor:
    return (-x.square().sum(1)).exp()


@pytest.mark.parametrize("kind", ["uniform", "sobol", "adaptive"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("score", [None, bump])
def test_as_many_points_as_wanted_and_all_inside(kind, shape, score):
    sampler = KINDS[kind](points=150)
    for count in (None, 1, 40):
        x = sampler.draw(shape, generator=generator(), score=score, count=count)
        assert x.shape == (count or 150, shape.dimension)
        assert x.dtype == torch.float64
        assert x.device.type == "cpu"
        assert shape.contains(x).all()
        assert len(x.unique(dim=0)) == len(x)


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_state_decides_everything(kind):
    sampler = KINDS[kind](points=64)
    state = generator(7).get_state()
    draws = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        again = torch.Generator()
        again.set_state(state)
        draws.append(torch.stack([sampler.draw(SQUARE, generator=again, score=bump) for _ in range(2)]))
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(draws[0], draws[1])
    assert torch.equal(draws[0][0], draws[0][1]) == (kind == "grid")


@pytest.mark.parametrize("kind", ["uniform", "sobol", "adaptive"])
def test_points_are_uniform(kind):
    # Adaptive with a constant residual as well. Equal areas: 8 x 8 cells of the box.
    x = KINDS[kind](points=6400).draw(SQUARE, generator=generator(), score=lambda x: torch.ones(len(x)))
    cells = ((x - SQUARE.low) / (SQUARE.high - SQUARE.low) * 8).long()
    counts = torch.bincount(cells[:, 0] * 8 + cells[:, 1], minlength=64)
    assert float(((counts - 100) ** 2 / 100).sum()) < 103.5  # chi square, 63 degrees of freedom, 1e-3


@pytest.mark.parametrize("kind", ["uniform", "sobol"])
def test_points_are_uniform_over_a_disc(kind):
    x = KINDS[kind](points=4000).draw(Disc((0, 0), 2), generator=generator())
    ring = (x.square().sum(1) / 4 * 8).long().clamp_max(7)  # of equal area
    sector = ((torch.atan2(x[:, 1], x[:, 0]) / math.pi + 1) * 2.5).long().clamp_max(4)
    counts = torch.bincount(ring * 5 + sector, minlength=40)
    assert float(((counts - 100) ** 2 / 100).sum()) < 72.1  # chi square, 39 degrees of freedom, 1e-3


def test_sobol_integrates_better_than_uniform():
    def error(sampler: Sampler, seed: int) -> float:
        x = sampler.draw(SQUARE, generator=generator(seed))
        return abs(float((x[:, 0].square() * x[:, 1]).mean()) - 1 / 12)

    sobol, uniform = (max(error(kind(points=1024), seed) for seed in range(5)) for kind in (Sobol, Uniform))
    assert sobol < 1e-4 < 1e-3 < uniform


@pytest.mark.parametrize(
    ("shape", "points", "found"),
    [
        (Box({"x": (0, 1)}), 7, 7),
        (SQUARE, 2000, 45 * 45),
        (SQUARE, 100, 100),
        (Box({"x": (0, 1), "y": (0, 1), "z": (0, 9)}), 999, 1000),
        (SQUARE, 1, 1),
    ],
)
def test_a_grid_of_cell_centres(shape, points, found):
    x = Grid(points=points).draw(shape, generator=generator())
    assert x.shape == (found, shape.dimension)
    n = round(found ** (1 / shape.dimension))
    for axis in range(shape.dimension):
        values = x[:, axis].unique()
        step = float(shape.high[axis] - shape.low[axis]) / n
        assert len(values) == n
        assert float(values[0] - shape.low[axis]) == pytest.approx(step / 2)
        assert n == 1 or values.diff().tolist() == pytest.approx([step] * (n - 1))


def test_a_grid_in_a_disc_is_as_near_as_grids_come():
    disc = Disc((0, 0), 1)
    x = Grid(points=500).draw(disc, generator=generator())
    assert disc.contains(x).all()
    assert 470 <= len(x) <= 530
    assert len(Grid(points=500).draw(disc, generator=generator(), count=2000)) > 1900


def test_a_grid_in_many_dimensions_stays_small():
    box = Box({f"x{i}": (0, 1) for i in range(12)})
    assert len(Grid(points=2000).draw(box, generator=generator())) == 2**12


def test_a_grid_that_misses_the_domain():
    with pytest.raises(ConfigError, match=r"sampler.points: no centre of a grid for 100 points lies inside Polygon"):
        Grid(points=100).draw(THIN_ELL, generator=generator())


def test_held_out_points_are_even_and_fixed():
    ring = SHAPES["ring"]
    x = held_out(ring, count=300, generator=generator(1))
    assert x.shape == (300, 2)
    assert ring.contains(x).all()
    assert torch.equal(x, held_out(ring, count=300, generator=generator(1)))
    halves = (x > 0).double().mean(0)
    assert (halves - 0.5).abs().max() < 0.05


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"points": 0}, "sampler.points: expected a number >= 1, got 0"),
        ({"every": -1}, "sampler.every: expected a number >= 0, got -1"),
        ({"growth": 0.5}, "sampler.growth: expected a number >= 1, got 0.5"),
        ({"growth": math.nan}, "sampler.growth: expected a number >= 1, got nan"),
        ({"most": 9}, "sampler.most: expected a number >= 10, got 9"),
    ],
)
def test_settings_out_of_range(kind, settings, words):
    with pytest.raises(ConfigError, match=words):
        KINDS[kind](**{"points": 10, **settings})


@pytest.mark.parametrize(("most", "limit"), [(None, 30), (12, 12)])
def test_growth_ends_at_a_limit(most, limit):
    assert Sobol(points=10, most=most).limit == limit


@pytest.mark.parametrize("kind", KINDS)
def test_the_config_builds_the_defaults(kind):
    config = yaml.safe_load((CONFIGS / f"{kind}.yaml").read_text())
    target = config.pop("_target_")
    assert target == f"{KINDS[kind].__module__}.{KINDS[kind].__name__}"
    assert KINDS[kind](**config) == KINDS[kind](points=2000)
    assert config.keys() == vars(KINDS[kind](points=1)).keys()
