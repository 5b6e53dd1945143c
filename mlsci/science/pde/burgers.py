"""Burgers' equation, as a problem to solve and as one to identify (Raissi, Perdikaris & Karniadakis 2019)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.pde.base import PDE
from mlsci.science.pde.conditions import Condition, Initial, Observations, Periodic
from mlsci.science.pde.fields import Fields, View
from mlsci.science.pde.known import over_coefficients
from mlsci.science.pde.parameters import Coefficient, Learn
from mlsci.science.pde.reference import Reference
from mlsci.science.solvers.cole_hopf import VISCOSITY, burgers


@dataclass(kw_only=True, eq=False)
class Burgers(PDE):
    """u_t + u u_x = ν u_xx for x in (-1, 1), t in (0, 1), u(x, 0) = -sin(πx).

    Usually stated with u(±1, t) = 0. The initial state is odd and periodic, and the equation keeps both, so that
    the periodic problem has the same solution.
    """

    coordinates: ClassVar = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}
    periodic = ("x",)

    nu: Coefficient = VISCOSITY

    def residual(self, f: Fields, p: View) -> Tensor:
        return f.u_t + f.u * f.u_x - p.nu * f.u_xx

    def initial(self, c: Any) -> Any:
        return -torch.sin(math.pi * c.x)

    def conditions(self) -> list[Condition]:
        return [Initial(u=self.initial), Periodic("x", "u", "u_x", hard=True)]

    def reference(self) -> Reference | None:
        return self._reference

    @cached_property
    def _reference(self) -> Reference | None:
        return over_coefficients(self, lambda p: cole_hopf(p.nu))

    @property
    def legacy(self) -> str | None:
        same = isinstance(self.nu, float) and math.isclose(self.nu, VISCOSITY, rel_tol=1e-6)
        return "burgers" if same else None

    def invariants(self) -> dict[str, Any]:
        return {"mass": lambda f, p: f.u}


@dataclass(kw_only=True, eq=False)
class BurgersIdentify(PDE):
    """u_t + λ₁ u u_x = λ₂ u_xx with unknown λ₁ and λ₂, from noisy values of u at random points.

    Nothing else is known: no initial state and no boundary values, as in Raissi, Perdikaris & Karniadakis (2019).

    Args:
        lambda1: speed of the nonlinear transport.
        lambda2: viscosity.
        count: number of observations, drawn without repetition from the 256 × 100 points of the reference.
        noise: standard deviation of the noise, in units of the standard deviation of the observed values.
        seed: of the choice of points and of the noise.

    Raises:
        ConfigError: a count outside 1 ... 25600, or a negative noise.
    """

    coordinates: ClassVar = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}

    lambda1: Coefficient = field(default_factory=lambda: Learn(initial=0.0, truth=1.0))
    lambda2: Coefficient = field(default_factory=lambda: Learn(initial=math.exp(-6), truth=VISCOSITY))
    count: int = 2000
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 25_600:
            raise ConfigError(f"pde.count: expected 1 to 25600 observations, got {self.count}")
        if not self.noise >= 0:
            raise ConfigError(f"pde.noise: expected a number from 0, got {self.noise}")

    def residual(self, f: Fields, p: View) -> Tensor:
        return f.u_t + p.lambda1 * f.u * f.u_x - p.lambda2 * f.u_xx

    def conditions(self) -> list[Condition]:
        truth = self.reference()
        generator = torch.Generator().manual_seed(self.seed)
        chosen = torch.randperm(len(truth.points), generator=generator)[: self.count]
        u = truth.values[chosen, 0]
        deviation = self.noise * float(u.std(correction=0))
        noisy = u + deviation * torch.randn(len(u), generator=generator, dtype=u.dtype)
        return [Observations(points=truth.points[chosen], values={"u": noisy}, noise=deviation or None)]

    def reference(self) -> Reference:
        """The solution that was observed: λ₁ = 1, λ₂ = 0.01/π, whatever is learned."""
        return self._reference

    @cached_property
    def _reference(self) -> Reference:
        return cole_hopf(VISCOSITY)

    @property
    def legacy(self) -> str:
        return "burgers"


@cache
def cole_hopf(nu: float) -> Reference:
    """Burgers' equation on the 256 × 100 points of Raissi et al.: x from -1 to 1, t from 0 to 0.99."""
    axes = {"x": np.linspace(-1.0, 1.0, 256), "t": np.linspace(0.0, 0.99, 100)}
    points = np.stack(np.meshgrid(*axes.values(), indexing="ij"), axis=-1)
    values, error = burgers(points.reshape(-1, 2), nu=nu)
    return Reference.on_grid(axes, values.reshape(256, 100, 1), self_error=error, source="Cole-Hopf transformation")
