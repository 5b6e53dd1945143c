import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mlsci.nets.augment import RandomAffine, sampling_matrices


def sample(x: Tensor, *, angle: float = 0.0, zoom: float = 1.0, shift: tuple[float, float] = (0, 0)) -> Tensor:
    one = torch.ones(1, dtype=x.dtype)
    matrices = sampling_matrices(
        angle=math.radians(angle) * one,
        zoom=zoom * one,
        shear=0 * one,
        shift=torch.tensor(shift, dtype=x.dtype)[:, None],
        aspect=x.shape[3] / x.shape[2],
    )
    return F.grid_sample(x, F.affine_grid(matrices, list(x.shape), align_corners=False), align_corners=False)


@pytest.fixture
def pictures() -> Tensor:
    torch.manual_seed(0)
    return torch.rand(1, 2, 6, 6, dtype=torch.float64)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns_are_exact(pictures: Tensor, quarters: int) -> None:
    found = sample(pictures, angle=90 * quarters)
    torch.testing.assert_close(found, torch.rot90(pictures, quarters, dims=(2, 3)))


def test_a_turn_does_not_distort_a_wide_picture(pictures: Tensor) -> None:
    wide = F.pad(pictures, (4, 4))
    found = sample(wide, angle=90)[..., 4:-4]
    torch.testing.assert_close(found, torch.rot90(pictures, 1, dims=(2, 3)))


def test_a_shift_by_a_fraction_of_each_side(pictures: Tensor) -> None:
    found = sample(pictures, shift=(1 / 6, -2 / 6))
    torch.testing.assert_close(found[:, :, 2:, :-1], pictures[:, :, :-2, 1:])


def test_zooming_in_by_two_spreads_the_middle() -> None:
    x = torch.zeros(1, 1, 8, 8)
    x[:, :, 3:5, 3:5] = 1.0
    assert sample(x, zoom=2.0)[0, 0, 2:6, 2:6].min() > 0.5
    torch.testing.assert_close(sample(x, zoom=2.0).sum(), torch.tensor(16.0))


def test_shear_moves_rows_against_each_other() -> None:
    one = torch.ones(1)
    (matrix,) = sampling_matrices(angle=0 * one, zoom=one, shear=one * math.pi / 4, shift=torch.zeros(2, 1), aspect=2.0)
    torch.testing.assert_close(matrix, torch.tensor([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0]]))


def test_every_picture_gets_its_own_draw_from_the_global_generator() -> None:
    x = torch.rand(1, 1, 8, 8).expand(5, 1, 8, 8)
    augment = RandomAffine(shear=5.0)
    torch.manual_seed(3)
    first = augment(x)
    torch.manual_seed(3)
    assert torch.equal(augment(x), first)
    assert first.shape == x.shape
    assert all(not torch.equal(first[i], first[j]) for i in range(5) for j in range(i))


def test_zero_ranges_change_nothing() -> None:
    x = torch.rand(3, 2, 5, 7)
    torch.testing.assert_close(RandomAffine(degrees=0, translate=0, scale=0)(x), x)


def test_eval_mode_changes_nothing_and_draws_nothing() -> None:
    x = torch.rand(2, 1, 4, 4)
    state = torch.get_rng_state()
    assert RandomAffine().eval()(x) is x
    assert torch.equal(torch.get_rng_state(), state)


def test_draws_stay_within_the_range() -> None:
    # A point a quarter of the picture from the centre cannot leave the ring that the range allows.
    x = torch.zeros(200, 1, 33, 33)
    x[:, :, 16, 24] = 1.0
    torch.manual_seed(0)
    found = RandomAffine(degrees=30, translate=0, scale=0)(x).squeeze(1)
    column = torch.arange(33.0) - 16
    mass = found.sum((1, 2))
    down, across = (found.sum(2) @ column) / mass, (found.sum(1) @ column) / mass
    angles = torch.rad2deg(torch.atan2(down, across))
    assert angles.abs().max() < 32
    assert angles.max() > 25
    assert angles.min() < -25


def test_the_border_fills_the_outside() -> None:
    torch.manual_seed(0)
    x = torch.ones(8, 1, 6, 6)
    assert RandomAffine(translate=0.5)(x).min() < 0.5
    torch.testing.assert_close(RandomAffine(translate=0.5, padding_mode="border")(x), x)


def test_bends_are_smooth_and_of_the_size_that_was_asked_for() -> None:
    # A linear ramp shows how far the place lies at which it was read.
    ramp = (torch.arange(32.0) + 0.5) / 32  # as a fraction of the side
    x = ramp.expand(300, 1, 32, 32)
    bend = RandomAffine(degrees=0, translate=0, scale=0, elastic=0.02, padding_mode="border")
    torch.manual_seed(0)
    moved = (bend(x) - x).squeeze(1)[:, 8:24, 8:24]  # what lies beyond the border is cut there
    assert moved[:, 8, 8].std() == pytest.approx(0.02, rel=0.15)  # a knot lies in the middle
    assert moved.mean().abs() < 0.001
    assert moved.diff(dim=2).abs().max() < 0.02
    assert moved.std(dim=0).min() > 0.007


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"degrees": -1.0}, "degrees must be from 0 to 180.0, got -1.0"),
        ({"elastic": 0.6}, "elastic must be from 0 to 0.5, got 0.6"),
        ({"scale": 1.0}, "scale must be from 0 to 0.99, got 1.0"),
        ({"padding_mode": "wrap"}, "padding_mode must be in .*got 'wrap'"),
    ],
)
def test_impossible_ranges_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RandomAffine(**change)


def test_what_is_no_batch_of_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(B, C, H, W\), got \(4, 8, 8\)"):
        RandomAffine()(torch.zeros(4, 8, 8))
