"""The two ways to derivatives: nested reverse mode, and Taylor streams through the net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from mlsci.errors import ConfigError
from mlsci.science.collocation.block import Block
from mlsci.science.collocation.solution import Solution
from mlsci.science.jets import Jet, Layout
from mlsci.science.jets.autograd import Eager, Kernels, using
from mlsci.science.jets.compiled import Compiled
from mlsci.science.jets.layout import HIGHEST_ORDER
from mlsci.science.pde.fields import Fields, JetFields, NestedFields


class Derivative:
    """Gives the fields of a solution at the points of a block, with the derivatives its equation reads."""

    def __call__(self, solution: Solution, block: Block) -> Fields:
        """Fields that are ready to be put into the equation."""
        raise NotImplementedError

    def check(self, layout: Layout, coordinates: Sequence[str]) -> None:
        """Raises ConfigError for derivatives by the coordinates that it can't take."""


class Nested(Derivative):
    """Reverse mode over reverse mode: any net of smooth functions, every derivative made when it is read."""

    def __call__(self, solution: Solution, block: Block) -> Fields:
        """Differentiates the values at the points."""
        points = block.points.detach().requires_grad_()
        values = solution.at(points, solution.index)
        return NestedFields(values=values, points=points, **_names(solution, block))


class Taylor(Derivative):
    """One pass of truncated Taylor series: nets of linear layers, smooth activations, sums and products.

    Args:
        compile: fuse the activations' series by torch.compile, which takes some seconds and a C++ compiler once.
    """

    def __init__(self, *, compile: bool = False):
        self.kernels: Kernels = Compiled() if compile else Eager()

    def __call__(self, solution: Solution, block: Block) -> Fields:
        """Carries the derivatives through the net; what does not depend on its weights is kept in the block."""
        return JetFields(jet=self.jet(solution, block), points=block.points, **_names(solution, block))

    def check(self, layout: Layout, coordinates: Sequence[str]) -> None:
        """Raises ConfigError for a derivative of more than fourth order."""
        if layout.order > HIGHEST_ORDER:
            name = "".join(c * order for c, order in zip(coordinates, layout.indices[-1], strict=True))
            raise ConfigError(
                f"pde: the derivative _{name} is of order {layout.order}. Taylor series go up to {HIGHEST_ORDER}, and "
                f"levenberg_marquardt takes its Jacobian from them: use derivative=nested with optimizer=soap or adam"
            )

    def jet(self, solution: Solution, block: Block) -> Jet:
        """The fields with all derivatives that the block's equation reads."""
        if block.prepared is None:
            self.check(block.layout, solution.names)
            block.prepared = solution.prepare(block.points, block.layout)
        with using(self.kernels):
            return solution.prepared(block.prepared)


def _names(solution: Solution, block: Block) -> dict[str, Any]:
    return {"fields": solution.pde.fields, "coordinates": solution.names, "normals": block.normals}


def check_finite(values: torch.Tensor, block: Block) -> None:
    """Refuse a residual that is NaN or infinite.

    Raises:
        FloatingPointError: names the equation and the first point.
    """
    bad = ~torch.isfinite(values).all(dim=1)
    if bad.any():
        first = int(torch.nonzero(bad)[0])
        where = [round(float(value), 6) for value in block.points[first]]
        raise FloatingPointError(
            f"{block.name}: the residual is not finite at {int(bad.sum())} of {len(values)} points, first at {where}"
        )
