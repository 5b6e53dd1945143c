"""The Kuramoto-Sivashinsky equation, regular and chaotic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.pde.base import PDE
from mlsci.science.pde.conditions import Condition, Initial, Periodic
from mlsci.science.pde.fields import Fields, View
from mlsci.science.pde.known import on_space_time, over_coefficients
from mlsci.science.pde.mirror import Mirror
from mlsci.science.pde.parameters import Coefficient
from mlsci.science.pde.reference import Reference
from mlsci.science.solvers import etdrk4


@dataclass(kw_only=True, eq=False)
class KuramotoSivashinsky(PDE):
    """u_t + α u u_x + β u_xx + γ u_xxxx = 0 for x in (-1, 1), t in (0, 1), periodic, u(x, 0) = -sin(πx).

    The regular case of Wang, Sankaran & Perdikaris (2022, arXiv:2203.07404).
    """

    coordinates: ClassVar = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}
    periodic = ("x",)
    mirrors: ClassVar = {"x": Mirror(odd=("u",))}

    alpha: Coefficient = 5.0
    beta: Coefficient = 0.5
    gamma: Coefficient = 0.005

    def residual(self, f: Fields, p: View) -> Tensor:
        return f.u_t + p.alpha * f.u * f.u_x + p.beta * f.u_xx + p.gamma * f.u_xxxx

    def initial(self, c: Any) -> Any:
        return -torch.sin(math.pi * c.x)

    def conditions(self) -> list[Condition]:
        return [Initial(u=self.initial), Periodic("x", "u", "u_x", "u_xx", "u_xxx", hard=True)]

    def reference(self) -> Reference | None:
        return self._reference

    @cached_property
    def _reference(self) -> Reference | None:
        return over_coefficients(self, self._solved)

    def _solved(self, p: Any) -> Reference:
        """256 × 100 points of a solution with 256 modes."""
        grid = etdrk4.kuramoto_sivashinsky(
            alpha=p.alpha, beta=p.beta, gamma=p.gamma, modes=128, outputs=99, substeps=50
        )
        return on_space_time(grid, source="ETDRK4, 256 modes")

    def invariants(self) -> dict[str, Any]:
        return {"mass": lambda f, p: f.u}


@dataclass(kw_only=True, eq=False)
class ChaoticKuramotoSivashinsky(KuramotoSivashinsky):
    """The same for x in (0, 2π), t in (0, t_end), u(x, 0) = cos(x)(1 + sin(x)): chaotic from t = 0.4.

    The benchmark of Wang, Sankaran & Perdikaris (2022, arXiv:2203.07404), with α = 100/16, β = 100/16²,
    γ = 100/16⁴ and t_end = 0.5 (in five windows) or 1.

    Raises:
        ConfigError: a t_end that is not positive.
    """

    coordinates: ClassVar = {"x": (0.0, 2 * math.pi), "t": (0.0, 0.5)}
    mirrors: ClassVar = {}  # it is odd about π/2, but a front stands there, which is too steep in cos x

    alpha: Coefficient = 100 / 16
    beta: Coefficient = 100 / 16**2
    gamma: Coefficient = 100 / 16**4
    t_end: float = 0.5

    def __post_init__(self) -> None:
        if not self.t_end > 0:
            raise ConfigError(f"pde.t_end: expected a positive time, got {self.t_end}")
        self.coordinates = {"x": (0.0, 2 * math.pi), "t": (0.0, float(self.t_end))}  # type: ignore[misc]

    def initial(self, c: Any) -> Any:
        return torch.cos(c.x) * (1 + torch.sin(c.x))

    def _solved(self, p: Any) -> Reference:
        """256 × 100 points of a solution with 512 modes."""
        grid = etdrk4.kuramoto_sivashinsky(
            alpha=p.alpha,
            beta=p.beta,
            gamma=p.gamma,
            initial=etdrk4.chaotic_start,
            domain=(0.0, 2 * math.pi),
            t_end=self.t_end,
            modes=256,
            outputs=99,
            substeps=max(10, math.ceil(80 * self.t_end)),
        )
        return on_space_time(grid, x=2, source="ETDRK4, 512 modes")
