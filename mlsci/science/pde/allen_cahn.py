"""The Allen-Cahn equation: phases that separate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from mlsci.science.pde.base import PDE
from mlsci.science.pde.conditions import Condition, Initial, Periodic
from mlsci.science.pde.fields import Fields, View
from mlsci.science.pde.known import on_space_time, over_coefficients, rounded_kink
from mlsci.science.pde.mirror import Mirror
from mlsci.science.pde.parameters import Coefficient
from mlsci.science.pde.reference import Reference
from mlsci.science.solvers.etdrk4 import Semilinear, converged


@dataclass(kw_only=True, eq=False)
class AllenCahn(PDE):
    """u_t = ε u_xx + r (u - u³) for x in (-1, 1), t in (0, 1), periodic, u(x, 0) = x² cos(πx).

    The benchmark of Raissi, Perdikaris & Karniadakis (2019), with ε = 1e-4 and r = 5. Continued periodically, the
    initial state has a kink at x = ±1, that diffusion rounds off at once.
    """

    coordinates: ClassVar = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}
    periodic = ("x",)
    mirrors: ClassVar = {"x": Mirror()}

    epsilon: Coefficient = 1e-4
    rate: Coefficient = 5.0

    def residual(self, f: Fields, p: View) -> Tensor:
        return f.u_t - p.epsilon * f.u_xx - p.rate * (f.u - f.u**3)

    def initial(self, c: Any) -> Any:
        return c.x**2 * torch.cos(math.pi * c.x)

    def conditions(self) -> list[Condition]:
        return [Initial(u=self.initial), Periodic("x", "u", "u_x", hard=True)]

    def background(self, c: Any) -> Any:
        """What rounds off the kink of the initial state."""
        return rounded_kink(c, slope=2.0, half=1.0, diffusivity=1e-4)

    def reference(self) -> Reference | None:
        return self._reference

    @cached_property
    def _reference(self) -> Reference | None:
        return over_coefficients(self, _solved)

    @property
    def legacy(self) -> str | None:
        return "allen_cahn" if (self.epsilon, self.rate) == (1e-4, 5.0) else None


def _solved(p: Any) -> Reference:
    """256 × 100 points of a solution with 2048 modes."""
    equation = Semilinear(
        initial=lambda x: x**2 * np.cos(np.pi * x),
        linear=lambda D: p.epsilon * D**2 + p.rate,
        outer=lambda D: -p.rate,
        flux=lambda u: u**3,
        domain=(-1.0, 1.0),
        t_end=1.0,
    )
    grid = converged(equation, modes=1024, outputs=99, substeps=4)
    return on_space_time(grid, x=8, source="ETDRK4, 2048 modes")
