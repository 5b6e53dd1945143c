"""Levenberg-Marquardt with a trust region in the damping and geodesic acceleration.

Levenberg (1944), Marquardt (1963); damping by the gain ratio after Nielsen (IMM-REP-1999-05); geodesic acceleration
after Transtrum & Sethna (arXiv 1201.5885).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from mlsci.optim.normal_equations import Damped
from mlsci.optim.sketched import damped

PATIENCE = 25  # steps without a lower loss, after which it is said


class Residuals(Protocol):
    """What the optimizer asks: rows whose sum of squares is the loss, and their Jacobian by all parameters.

    It may offer `held_out() -> float` too: the loss where it is never trained on, NaN where that can't be told.
    """

    def __call__(self) -> Tensor:
        """The rows (R,) at the present parameters."""
        ...

    def jacobian(self, parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The rows (R,) and their Jacobian (R, P), columns in the order of the parameters."""
        ...


class LevenbergMarquardt(Optimizer):
    """Minimises a sum of squares of residual rows r(θ).

    A step solves (JᵀJ + μ·scale) δ = −Jᵀr, adds the geodesic acceleration where that is small against δ, and is
    taken only if the loss falls; μ follows the gain ratio (actual over predicted fall). `step(closure)` takes either
    an object with `jacobian(parameters)` (see `Residuals`) or a plain function that returns the rows with their graph.

    Args:
        params: one group of parameters.
        lr: length of a step; 1 is the full one.
        damping: μ at the start.
        least, most: bounds of μ.
        tries: trial steps before the step is given up; the parameters then stay as they are, and μ has grown.
        geodesic: use the acceleration.
        ratio: the acceleration is left out where 2‖acceleration‖ exceeds this times ‖velocity‖.
        scaled: damp every parameter by the largest diagonal of JᵀJ seen there (Moré 1978), not all alike.
        dense: where rows and parameters are more than this, steps are found by conjugate gradients (see `Sketched`).
        rank, tolerance: of these.
        check_every: accepted steps between two looks at the held-out loss; 0: never.
        overfit: held-out over training loss from which on `overfitted` is true.

    Raises:
        ValueError: several groups, or a bad setting.
        FloatingPointError: rows that are not finite where the step starts.
    """

    needs_residuals = True

    def __init__(
        self,
        params: Iterable[Tensor],
        *,
        lr: float = 1.0,
        damping: float = 1e-2,
        least: float = 1e-17,
        most: float = 1e8,
        tries: int = 10,
        geodesic: bool = True,
        ratio: float = 0.75,
        scaled: bool = False,
        dense: int = 5000,
        rank: int = 500,
        tolerance: float = 1e-2,
        check_every: int = 0,
        overfit: float = 10.0,
    ):
        if not 0 < least <= damping <= most:
            raise ValueError(f"damping: expected 0 < least <= damping <= most, got {least}, {damping}, {most}")
        if tries < 1:
            raise ValueError(f"tries: expected at least 1, got {tries}")
        for name, value, low in (("rank", rank, 1), ("tolerance", tolerance, 0), ("check_every", check_every, 0)):
            if value < low:
                raise ValueError(f"{name}: expected at least {low}, got {value}")
        settings = {"lr": lr, "least": least, "most": most, "tries": tries}
        super().__init__(params, {**settings, "geodesic": geodesic, "ratio": ratio, "scaled": scaled, "start": damping})
        if len(self.param_groups) != 1:
            raise ValueError(f"LevenbergMarquardt takes one group of parameters, got {len(self.param_groups)}")
        self._parameters: list[Tensor] = self.param_groups[0]["params"]
        self._linearised = partial(damped, dense=dense, rank=rank, tolerance=tolerance)
        self._check_every, self._overfit = check_every, overfit
        self.reset()

    def reset(self) -> None:
        """Forget the damping, as after a change of the problem."""
        group = self.param_groups[0]
        group["damping"], group["growth"], group["stalled"] = group["start"], 2.0, 0
        self.begin()

    def begin(self) -> None:
        """Forget what was seen of held-out losses, as after a draw of new rows."""
        self.param_groups[0].update(accepted=0, overfitted=False)

    @property
    def damping(self) -> float:
        """The present μ."""
        return float(self.param_groups[0]["damping"])

    @property
    def stalled(self) -> int:
        """How many steps in a row found no lower loss."""
        return int(self.param_groups[0]["stalled"])

    @property
    def overfitted(self) -> bool:
        """Whether the held-out loss was too far above the training loss at the last look."""
        return bool(self.param_groups[0]["overfitted"])

    def report(self) -> dict[str, float]:
        """Values to log beside the loss."""
        return {"damping": self.damping, "stalled": float(self.stalled)}

    @torch.no_grad()
    def step(self, closure: Callable[[], Any]) -> Tensor:  # type: ignore[override]
        """Take a step; gives the loss before it."""
        residuals = closure if hasattr(closure, "jacobian") else Automatic(closure)
        with torch.enable_grad():
            rows, jacobian = residuals.jacobian(self._parameters)
        loss = float(rows @ rows)
        if not math.isfinite(loss):
            raise FloatingPointError("Levenberg-Marquardt: the residuals are not finite where the step starts")
        system = self._linearised(rows, jacobian, scale=self._scale(jacobian))
        start = torch.cat([p.reshape(-1) for p in self._parameters])
        if not self._try(system, residuals, start, rows=rows, loss=loss):
            self._set(start)
            self._stall(rows, jacobian, start)
        return rows.new_tensor(loss)

    def _try(self, system: Damped, residuals: Any, start: Tensor, *, rows: Tensor, loss: float) -> bool:
        """Trial steps with growing damping until the loss falls."""
        group = self.param_groups[0]
        for _ in range(group["tries"]):
            trial = self._trial(system, residuals, start, rows)
            if trial is not None:
                step, predicted = trial
                self._set(start + group["lr"] * step)
                new = residuals()
                reached = float(new @ new)
                if reached < loss:  # false for NaN too
                    self._trust(gain=(loss - reached) / max(predicted, 1e-300))
                    self._look(residuals, reached)
                    return True
            if group["damping"] >= group["most"]:
                return False
            group["damping"] = min(group["damping"] * group["growth"], group["most"])
            group["growth"] = min(2 * group["growth"], 16.0)
        return False

    def _trial(self, system: Damped, residuals: Any, start: Tensor, rows: Tensor) -> tuple[Tensor, float] | None:
        """A step and the fall of the loss that the linear model predicts; None where there is no factorisation."""
        group = self.param_groups[0]
        velocity = system.solve(group["damping"])
        if velocity is None or not torch.isfinite(velocity).all():
            return None
        predicted = system.predicted(velocity)
        if not group["geodesic"]:
            return velocity, predicted
        acceleration = self._acceleration(system, residuals, start, rows=rows, velocity=velocity)
        small = acceleration is not None and 2 * float(acceleration.norm()) <= group["ratio"] * float(velocity.norm())
        return (velocity + 0.5 * acceleration if small else velocity), predicted  # type: ignore[operator]

    def _acceleration(
        self, system: Damped, residuals: Any, start: Tensor, *, rows: Tensor, velocity: Tensor
    ) -> Tensor | None:
        """From the second derivative of the rows along the velocity, by a finite difference."""
        h = 0.1
        self._set(start + h * velocity)
        curvature = (2 / h) * ((residuals() - rows) / h - system.along(velocity))
        if not torch.isfinite(curvature).all():
            return None
        return system.solve_again(curvature)

    def _stall(self, rows: Tensor, jacobian: Tensor, parameters: Tensor) -> None:
        """Count a step that was given up; say so once where there were many in a row and this is no minimum."""
        self.param_groups[0]["stalled"] += 1
        if self.stalled == PATIENCE and not _at_minimum(rows, jacobian, parameters):
            loss, most = float(rows @ rows), self.param_groups[0]["most"]
            warnings.warn(
                f"Levenberg-Marquardt found no lower loss than {loss:.3g} in {PATIENCE} steps: over-damped "
                f"(damping {self.damping:.3g}, at most {most:.3g}). The parameters stay as they are; "
                f"new points, another init or float64 may free it",
                RuntimeWarning,
                stacklevel=2,
            )

    def _trust(self, *, gain: float) -> None:
        group = self.param_groups[0]
        factor = max(0.2, 1 - (2 * min(gain, 1.5) - 1) ** 3)
        group["damping"] = min(max(group["damping"] * factor, group["least"]), group["most"])
        group["growth"], group["stalled"] = 2.0, 0

    def _look(self, residuals: Any, loss: float) -> None:
        """Compare with the held-out loss where that is due."""
        group = self.param_groups[0]
        group["accepted"] += 1
        if self._check_every and group["accepted"] % self._check_every == 0 and hasattr(residuals, "held_out"):
            group["overfitted"] = residuals.held_out() > self._overfit * loss  # false for NaN

    def _scale(self, jacobian: Tensor) -> Tensor | None:
        """Moré's scaling: the largest column norms so far."""
        group = self.param_groups[0]
        if not group["scaled"]:
            return None
        norms = jacobian.square().sum(0)
        seen = group.get("norms")
        group["norms"] = norms if seen is None else torch.maximum(norms, seen)
        return group["norms"] + 1e-12 * group["norms"].max()

    def _set(self, flat: Tensor) -> None:
        used = 0
        for parameter in self._parameters:
            parameter.copy_(flat[used : used + parameter.numel()].view_as(parameter))
            used += parameter.numel()


def _at_minimum(rows: Tensor, jacobian: Tensor, parameters: Tensor) -> bool:
    """Whether the gradient is at its rounding error: against the rows, or against what a last bit of θ does to it."""
    gradient, size = (jacobian.T @ rows).norm(), jacobian.norm()
    rounding = torch.maximum(1e-7 * rows.norm(), 1e-12 * size * (1 + parameters.norm()))
    return bool(gradient <= rounding * size)


class Automatic:
    """Residuals from a plain function: the Jacobian by one batched backward pass."""

    def __init__(self, function: Callable[[], Tensor]):
        self.function = function

    def __call__(self) -> Tensor:
        """The rows."""
        return self.function().detach()

    def jacobian(self, parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Rows and Jacobian."""
        rows = self.function()
        identity = torch.eye(len(rows), dtype=rows.dtype, device=rows.device)
        parts = torch.autograd.grad(rows, parameters, identity, is_grads_batched=True, allow_unused=True)
        columns = [
            rows.new_zeros(len(rows), p.numel()) if part is None else part.reshape(len(rows), -1)
            for part, p in zip(parts, parameters, strict=True)
        ]
        return rows.detach(), torch.cat(columns, dim=1)
