"""Damped least squares by conjugate gradients with a randomised Nyström preconditioner, for thousands of parameters.

Frangella, Tropp & Udell (SIAM J. Matrix Anal. Appl. 44, 2023; arXiv 2110.02820); for physics-informed nets Rathore et
al. (2024; arXiv 2402.01868).
"""

from __future__ import annotations

import math
from collections import deque

import torch
from torch import Generator, Tensor

from mlsci.optim.normal_equations import Damped, Dual, Primal

DELAY = 4  # iterations whose progress is an estimate of what is still missing (Strakoš & Tichý 2002)


class Sketched(Damped):
    """(JᵀJ + μD) δ = −Jᵀr without the matrix JᵀJ: some 4RP operations an iteration.

    In A = J D^-1/2 the preconditioner is Nyström's approximation of AᵀA from `rank` random directions, made once and
    used for every damping: with Q an orthonormal basis of AΩ it is AᵀQQᵀA = U Λ Uᵀ. What is left for the iterations
    has a condition number of some λ_rank / μ. The start is zero, so that every iterate leads downhill.

    Args:
        rows, jacobian, scale: see `Damped`.
        rank: of the preconditioner; at most half of rows and parameters are used.
        tolerance: of δ, relative, in the norm √(δᵀ(JᵀJ + μD)δ); the linear model's fall is then right to its square.
        iterations: at most so many for a solution; what they have reached is then taken.
        seed: of the random directions.
    """

    def __init__(
        self,
        rows: Tensor,
        jacobian: Tensor,
        *,
        scale: Tensor | None = None,
        rank: int = 500,
        tolerance: float = 1e-2,
        iterations: int = 200,
        seed: int = 0,
    ):
        super().__init__(rows, jacobian, scale=scale)
        self.tolerance = tolerance
        self.iterations = iterations
        self.damping = 0.0
        self.root = None if scale is None else scale.rsqrt()  # D^-1/2
        self.basis, self.values = self._sketch(max(min(rank, min(jacobian.shape) // 2), 1), seed)

    def solve(self, damping: float) -> Tensor | None:
        """See `Damped`; None where no direction of descent was found."""
        self.damping = damping
        step = self._scaled(self._conjugate_gradients(-self.rows, self.tolerance))
        slope = float(self.along(step) @ self.rows)
        return step if slope < 0 else None  # false for NaN too

    def solve_again(self, rows: Tensor) -> Tensor:
        """See `Damped`; to the root of the tolerance, as a correction needs no more."""
        return self._scaled(self._conjugate_gradients(-rows, math.sqrt(self.tolerance)))

    def _conjugate_gradients(self, target: Tensor, tolerance: float) -> Tensor:
        """z that minimises ‖Az − target‖² + μ‖z‖², residuals kept apart (CGLS: no loss by forming AᵀA)."""
        missing, z = target, target.new_zeros(self.jacobian.shape[1])
        gradient = self._back(missing)
        direction = ahead = self._preconditioned(gradient)
        slope, fallen, falls = float(gradient @ ahead), 0.0, deque[float](maxlen=DELAY)
        for _ in range(self.iterations):
            image = self._scaled_along(direction)
            curvature = float(image @ image + self.damping * (direction @ direction))
            if not (slope > 0 and curvature > 0 and math.isfinite(slope / curvature)):
                break
            length = slope / curvature
            z, missing = z + length * direction, missing - length * image
            fallen += length * slope
            falls.append(length * slope)
            if len(falls) == DELAY and sum(falls) <= tolerance**2 * fallen:
                break
            gradient = self._back(missing) - self.damping * z
            ahead, before = self._preconditioned(gradient), slope
            slope = float(gradient @ ahead)
            direction = ahead + (slope / before) * direction
        return z

    def _sketch(self, rank: int, seed: int) -> tuple[Tensor, Tensor]:
        """Orthonormal U (P, rank) and Λ (rank,), the largest first.

        In single precision, at half the time: what that adds to Λ is some 1e-14 of the largest. Only that U is
        orthonormal has to hold to the last digit, or the preconditioner would not be positive definite.
        """
        size = (self.jacobian.shape[1], rank)
        random = torch.randn(size, generator=Generator().manual_seed(seed)).to(self.rows.device)
        rough = self.jacobian.float()
        image = torch.linalg.qr(rough @ self._scaled(random)).Q  # (R, rank)
        projected = self._scaled(rough.T @ image).nan_to_num(0.0, 0.0, 0.0)  # (P, rank)
        basis, singular, _ = torch.linalg.svd(projected, full_matrices=False)
        return torch.linalg.qr(basis.to(self.rows)).Q, singular.to(self.rows).square()

    def _preconditioned(self, gradient: Tensor) -> Tensor:
        """(U (Λ + μ)⁻¹ Uᵀ) (λ_rank + μ) + 1 − UUᵀ, applied to a vector (P,)."""
        inside = self.basis.T @ gradient
        factor = (self.values[-1] + self.damping) / (self.values + self.damping) - 1
        return gradient + self.basis @ (factor * inside)

    def _scaled_along(self, z: Tensor) -> Tensor:
        return self.jacobian @ self._scaled(z)

    def _back(self, rows: Tensor) -> Tensor:
        return self._scaled(self.jacobian.T @ rows)

    def _scaled(self, values: Tensor) -> Tensor:
        """D^-1/2 times a vector (P,) or the columns of a matrix (P, n)."""
        if self.root is None:
            return values
        root = self.root.to(values.dtype)
        return values * (root if values.ndim == 1 else root[:, None])


def damped(
    rows: Tensor,
    jacobian: Tensor,
    *,
    scale: Tensor | None = None,
    dense: int = 5000,
    rank: int = 500,
    tolerance: float = 1e-2,
) -> Damped:
    """The form with the smaller matrix, or `Sketched` where that would have more than `dense` rows."""
    if min(jacobian.shape) > dense:
        return Sketched(rows, jacobian, scale=scale, rank=rank, tolerance=tolerance)
    return (Dual if jacobian.shape[0] < jacobian.shape[1] else Primal)(rows, jacobian, scale=scale)
