"""Damped least squares (JᵀJ + μD) δ = −Jᵀr: by the normal equations, or by their dual where rows are fewer."""

from __future__ import annotations

from torch import Tensor

from mlsci.optim.cholesky import normal


class Damped:
    """A linearised problem that is solved for several dampings.

    Args:
        rows: residuals (R,).
        jacobian: their derivatives (R, P).
        scale: the diagonal D (P,), or None for ones.
    """

    def __init__(self, rows: Tensor, jacobian: Tensor, *, scale: Tensor | None = None):
        self.rows = rows
        self.jacobian = jacobian
        self.scale = scale

    def solve(self, damping: float) -> Tensor | None:
        """δ for the rows; None where there is none."""
        raise NotImplementedError

    def solve_again(self, rows: Tensor) -> Tensor:
        """δ for other rows at the damping of the last `solve`."""
        raise NotImplementedError

    def along(self, step: Tensor) -> Tensor:
        """J δ."""
        return self.jacobian @ step

    def predicted(self, step: Tensor) -> float:
        """The fall of ‖r‖² by the linear model: ‖r‖² − ‖r + Jδ‖²."""
        change = self.along(step)
        return float(-(2 * self.rows + change) @ change)


class Primal(Damped):
    """By the Cholesky factor of JᵀJ + μD, (P, P)."""

    def __init__(self, rows: Tensor, jacobian: Tensor, *, scale: Tensor | None = None):
        super().__init__(rows, jacobian, scale=scale)
        self.matrix = normal(jacobian)

    def solve(self, damping: float) -> Tensor | None:
        """See `Damped`; None where the matrix isn't positive definite."""
        done = self.matrix.factorise(damping if self.scale is None else damping * self.scale)
        return self.solve_again(self.rows) if done else None

    def solve_again(self, rows: Tensor) -> Tensor:
        """See `Damped`."""
        return -self.matrix.solve(self.jacobian.T @ rows)


class Dual(Damped):
    """By the Cholesky factor of J D⁻¹ Jᵀ + μ, (R, R): for fewer rows than parameters."""

    def __init__(self, rows: Tensor, jacobian: Tensor, *, scale: Tensor | None = None):
        super().__init__(rows, jacobian, scale=scale)
        self.inverse = None if scale is None else scale.reciprocal()
        root = jacobian if self.inverse is None else jacobian * self.inverse.sqrt()
        self.matrix = normal(root.T)

    def solve(self, damping: float) -> Tensor | None:
        """See `Damped`; None where the matrix isn't positive definite."""
        return self.solve_again(self.rows) if self.matrix.factorise(damping) else None

    def solve_again(self, rows: Tensor) -> Tensor:
        """See `Damped`."""
        found = self.jacobian.T @ self.matrix.solve(rows)
        return -found if self.inverse is None else -found * self.inverse
