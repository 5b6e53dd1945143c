"""Losses at points that are never trained on."""

import math

import pytest
import torch

from mlsci.science.collocation.constraint import Soft
from mlsci.science.collocation.held_out import HeldOut, Watched
from mlsci.science.pde import PDE
from mlsci.science.weighting.fixed import Fixed


class Ramp(PDE):
    """u_t = 0 for a net that says something else, with u = 0 at the start."""

    coordinates = {"x": (0.0, 1.0), "t": (0.0, 3.0)}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_t


@pytest.fixture
def judge_of(solve, place, enforce):
    """`judge_of(pde, windows=, **weights)`: a system and its judge."""

    def make(pde, *, windows=1, **weights):
        solution = solve(pde, windows=windows)
        system, weighting = enforce(solution), Fixed(**weights)
        weighting.begin(system)
        return system, HeldOut(system, points=place(solution), constraint=Soft(), weighting=weighting, count=50)

    return make


def test_the_loss_has_the_weights_of_the_user_alone(everything, judge_of):
    system, judge = judge_of(everything, lambda_pde=3.0, terms={"initial": 5.0})
    before, fresh = float(judge.loss()), judge.fresh()
    for block in system.blocks:
        block.weight = 1e6
    assert float(judge.loss()) == before
    assert judge.fresh() == fresh
    plain, judge = judge_of(everything)
    parts = {name: float(value) for name, value in plain.loss()[1].items()}
    expected = sum(parts.values())
    assert judge.ratio() == pytest.approx(judge.fresh() / expected, rel=1e-9)


def test_points_are_others_than_those_trained_on_and_stay(everything, judge_of):
    system, judge = judge_of(everything)
    assert judge.fresh() == judge.fresh()
    (watched,) = judge._watched.values()
    trained = next(b for b in system.blocks if b.name == "pde").points
    fresh = next(b for b in watched if b.name == "pde").points
    assert len(fresh) == 1000
    assert (torch.cdist(trained, fresh) > 0).all()


def test_fresh_points_lie_in_the_window_in_training(judge_of):
    system, judge = judge_of(Ramp(), windows=3)
    for index in range(3):
        judge.fresh()
        (block,) = [b for b in judge._watched[index] if b.name == "pde"]
        assert block.points[:, 1].min() >= index
        assert block.points[:, 1].max() <= index + 1
        if index < 2:
            system.solution.advance()
    assert float(judge.loss()) > 0


def test_an_optimizer_sees_rows_and_what_can_be_compared_with_them(everything, judge_of):
    system, judge = judge_of(everything)
    watched = Watched(system, judge)
    assert torch.equal(watched(), system.rows())
    rows, jacobian = watched.jacobian(system.parameters())
    assert jacobian.shape == (len(rows), sum(p.numel() for p in system.parameters()))
    assert watched.held_out() == judge.fresh()
    system.blocks[0].weight = 2.0
    assert math.isnan(watched.held_out())
    system.blocks[0].weight = 1.0
    system.blocks[0].point_weights = torch.ones(system.blocks[0].count, dtype=torch.float64)
    assert math.isnan(watched.held_out())
