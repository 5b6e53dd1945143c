"""Functions to be minimised, with a known minimum: a quadratic of given condition number, and Rosenbrock's valley."""

import torch
from torch import Tensor


class Quadratic:
    """xᵀ H x / 2 with eigenvalues of H evenly from 1 to κ on a logarithmic scale, in random directions; minimum at 0.

    Args:
        kappa: condition number κ.
        dimension: of x, at least 2.
        seed: of the directions and the start.
    """

    def __init__(self, *, kappa: float, dimension: int = 5, seed: int = 0):
        draw = torch.Generator().manual_seed(seed)
        shape = (dimension, dimension)
        basis = torch.linalg.qr(torch.randn(shape, generator=draw, dtype=torch.float64)).Q
        self.kappa = kappa
        self.hessian = basis * kappa ** torch.linspace(0, 1, dimension, dtype=torch.float64) @ basis.T  # (d, d)
        self.start = torch.randn(dimension, generator=draw, dtype=torch.float64)
        self.minimum = torch.zeros(dimension, dtype=torch.float64)

    def __call__(self, x: Tensor) -> Tensor:
        """The value at x (d,)."""
        return x @ (self.hessian @ x) / 2


class Rosenbrock:
    """(1 - x)² + 100 (y - x²)² (Rosenbrock 1960), from the usual start (-1.2, 1); minimum at (1, 1)."""

    def __init__(self) -> None:
        self.start = torch.tensor([-1.2, 1.0], dtype=torch.float64)
        self.minimum = torch.ones(2, dtype=torch.float64)

    def __call__(self, x: Tensor) -> Tensor:
        """The value at x (2,), or values (...) at x (..., 2)."""
        return (1 - x[..., 0]).square() + 100 * (x[..., 1] - x[..., 0].square()).square()
