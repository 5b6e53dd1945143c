"""The focusing nonlinear Schrödinger equation, as two real fields."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlsci.science.jets import known
from mlsci.science.pde.base import PDE
from mlsci.science.pde.conditions import Condition, Initial, Periodic
from mlsci.science.pde.fields import Fields, View
from mlsci.science.pde.free_wave import FreeKink
from mlsci.science.pde.known import on_space_time
from mlsci.science.pde.mirror import Mirror
from mlsci.science.pde.reference import Reference
from mlsci.science.solvers import etdrk4

REAL = FreeKink(slope=2 * math.tanh(5.0) / math.cosh(5.0), half=5.0)  # 2 sech x has this slope at x = -5
IMAGINARY = replace(REAL, imaginary=True)
WAVES = [replace(part, slope=1.0) for part in (REAL, IMAGINARY)]
COMPANIONS = [replace(part, companion=True) for part in WAVES]


@dataclass(kw_only=True, eq=False)
class Schrodinger(PDE):
    """i h_t + h_xx / 2 + |h|² h = 0 with h = u + iv for x in (-5, 5), t in (0, π/2), periodic, h(x, 0) = 2 sech x.

    The benchmark of Raissi, Perdikaris & Karniadakis (2019); as there, the error is that of |h|.
    """

    coordinates: ClassVar = {"x": (-5.0, 5.0), "t": (0.0, math.pi / 2)}
    fields = ("u", "v")
    periodic = ("x",)
    mirrors: ClassVar = {"x": Mirror()}

    @property
    def legacy(self) -> str:
        return "schrodinger"

    def residual(self, f: Fields, p: View) -> tuple[Tensor, Tensor]:
        density = f.u**2 + f.v**2
        real = -f.v_t + 0.5 * f.u_xx + density * f.u
        imaginary = f.u_t + 0.5 * f.v_xx + density * f.v
        return real, imaginary

    def initial(self, c: Any) -> Any:
        """2 sech x, the kink that it has at x = ±5 by the harmonics of `FreeKink` alone (5e-6 of it are left out)."""
        return 4 / (torch.exp(c.x) + torch.exp(-c.x)) - REAL.start(c.x) + known(REAL, c.x, 0 * c.x), 0.0

    def conditions(self) -> list[Condition]:
        start = Initial(u=lambda c: self.initial(c)[0], v=0.0)
        return [start, Periodic("x", "u", "v", "u_x", "v_x", hard=True)]

    def background(self, c: Any) -> Any:
        """The wave that the kink of 2 sech x at x = ±5 sends out, in ripples that are the finer the earlier."""
        return known(REAL, c.x, c.t), known(IMAGINARY, c.x, c.t)

    def carriers(self, c: Any) -> list[Any]:
        """The same wave, split so that its parts that run to the right and to the left are modulated each by itself.

        Running through the solitons it is scattered, and its ripples are too fine for a small net to follow.
        """
        across = torch.sin(math.pi / 5 * c.x)  # makes the companion even too
        return [known(part, c.x, c.t) for part in WAVES] + [across * known(part, c.x, c.t) for part in COMPANIONS]

    def reference(self) -> Reference:
        return self._reference

    @cached_property
    def _reference(self) -> Reference:
        """256 × 100 points of a solution with 2048 modes."""
        grid = etdrk4.schrodinger(modes=1024, outputs=99, substeps=20)
        return on_space_time(grid, x=8, source="ETDRK4, 2048 modes")

    def scored(self, values: Tensor) -> Tensor:
        """|h|, (N, 1)."""
        return values.norm(dim=1, keepdim=True)

    def invariants(self) -> dict[str, Any]:
        """i h_t = δH/δh* with the energy H."""
        return {"mass": lambda f, p: f.u**2 + f.v**2, "energy": _energy}


def _energy(f: Fields, p: View) -> Tensor:
    return 0.5 * (f.u_x**2 + f.v_x**2) - 0.5 * (f.u**2 + f.v**2) ** 2
