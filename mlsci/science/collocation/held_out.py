"""The loss at points that are never trained on: for the choice of the best state, and against over-fitting."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from mlsci.science.collocation.block import Block
from mlsci.science.collocation.constraint import Constraint
from mlsci.science.collocation.derivative import check_finite
from mlsci.science.collocation.points import Points
from mlsci.science.collocation.report import residual_anywhere
from mlsci.science.collocation.system import System
from mlsci.science.sampling.sobol import Sobol

if TYPE_CHECKING:
    from mlsci.science.weighting.base import Weighting

WATCHED = 1000


class HeldOut:
    """Held-out losses of a system.

    Losses count every equation with what the user asked for, without what a scheme adapts, so that those of two
    states can be compared.

    Args:
        system: the equations.
        points: places them.
        constraint: says which conditions are trained.
        weighting: knows what the user asked for.
        count: points of the equation for `loss`.

    Raises:
        FloatingPointError: a residual that is not finite.
    """

    def __init__(self, system: System, *, points: Points, constraint: Constraint, weighting: Weighting, count: int):
        self.system = system
        self.points = points
        self.weighting = weighting
        self.count = count
        self._fresh = Points(solution=points.solution, constraint=constraint, sampler=Sobol(points=WATCHED))
        self._judges: dict[int, list[Block]] = {}
        self._watched: dict[int, list[Block]] = {}

    def loss(self) -> Tensor:
        """On `count` points of the whole domain, whatever the time window in training."""
        window = self.points.solution.index
        if window not in self._judges:
            generator = Generator().manual_seed(10_000 + window)
            self._judges[window] = self.points.held_out(count=self.count, generator=generator)
        return torch.as_tensor(self._sum((b, self._judged(b)) for b in self._judges[window]))

    def ratio(self) -> float:
        """The loss on fresh points of the window in training over that on the points trained on."""
        trained = float(self._sum((b, self.residual(b)) for b in self.system.blocks))
        return self.fresh() / trained if trained > 0 else math.inf

    def fresh(self) -> float:
        """On points of the window in training that are not trained on."""
        window = self.points.solution.index
        if window not in self._watched:
            self._watched[window] = self._fresh.draw(generator=Generator().manual_seed(20_000 + window))
        return float(self._sum((b, self.residual(b)) for b in self._watched[window]))

    def forget(self) -> None:
        """Draw the points again, as where earlier windows have got other nets."""
        self._judges, self._watched = {}, {}

    def residual(self, block: Block) -> Tensor:
        """The residual of a block, checked, (N, equations)."""
        with torch.enable_grad():
            found = self.system.residuals(block).detach()
        check_finite(found, block)
        return found

    def _judged(self, block: Block) -> Tensor:
        """With time windows the equation is judged on the whole domain."""
        if self.points.solution.windows > 1 and block.name == "pde":
            return residual_anywhere(self.system, block.points)
        return self.residual(block)

    def _sum(self, found: Iterable[tuple[Block, Tensor]]) -> Tensor:
        total = sum(self.weighting.fixed(block) * residual.square().sum(1).mean() for block, residual in found)
        return torch.as_tensor(total)


class Watched:
    """A system as optimizers of least squares see it, with the loss at points that they never train on.

    Args:
        system: the rows and their Jacobian.
        judge: the held-out loss.
    """

    def __init__(self, system: System, judge: HeldOut):
        self.system = system
        self.judge = judge

    def __call__(self) -> Tensor:
        """The rows (R,)."""
        return self.system.rows()

    def jacobian(self, parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The rows (R,) and their Jacobian (R, P)."""
        return self.system.jacobian(parameters)

    def held_out(self) -> float:
        """The loss at fresh points; NaN where a scheme weighs points or terms: the two can't be compared then."""
        blocks = self.system.blocks
        adapted = any(b.point_weights is not None or b.weight != self.judge.weighting.fixed(b) for b in blocks)
        return math.nan if adapted else self.judge.fresh()
