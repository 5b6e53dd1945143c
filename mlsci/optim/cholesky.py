"""MᵀM + diagonal and its Cholesky factor: by BLAS and LAPACK on one triangle, or by torch elsewhere than on a CPU."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class Normal(Protocol):
    """MᵀM of shape (n, n), that is factorised with several diagonals added."""

    def factorise(self, diagonal: float | Tensor) -> bool:
        """Add a number or n of them to the diagonal; False where the sum isn't positive definite."""
        ...

    def solve(self, right: Tensor) -> Tensor:
        """x (n,) of (MᵀM + diagonal) x = right, with the last diagonal that was factorised."""
        ...


def normal(matrix: Tensor) -> Normal:
    """MᵀM of a matrix (m, n)."""
    return Triangle(matrix) if matrix.device.type == "cpu" and matrix.dtype == torch.float64 else Whole(matrix)


class Whole:
    """By torch, on any device and in any precision."""

    def __init__(self, matrix: Tensor):
        self.matrix = matrix.T @ matrix
        self.factor = self.matrix

    def factorise(self, diagonal: float | Tensor) -> bool:
        """See `Normal`."""
        matrix = self.matrix.clone()
        matrix.diagonal().add_(diagonal)
        self.factor, failed = torch.linalg.cholesky_ex(matrix)
        return not int(failed)

    def solve(self, right: Tensor) -> Tensor:
        """See `Normal`."""
        return torch.cholesky_solve(right[:, None], self.factor)[:, 0]


class Triangle:
    """By BLAS's rank-k update, which does half the work of a product, and LAPACK on the triangle that it fills."""

    def __init__(self, matrix: Tensor):
        from scipy.linalg.blas import dsyrk

        array = matrix.numpy()
        transposed = not array.flags.c_contiguous
        self.matrix = dsyrk(1.0, array if transposed else array.T, trans=int(transposed), lower=0)  # Fortran's order
        self.factor = np.empty_like(self.matrix)

    def factorise(self, diagonal: float | Tensor) -> bool:
        """See `Normal`."""
        from scipy.linalg.lapack import dpotrf

        np.copyto(self.factor, self.matrix)
        np.einsum("ii->i", self.factor)[:] += diagonal.numpy() if isinstance(diagonal, Tensor) else diagonal
        self.factor, failed = dpotrf(self.factor, lower=0, clean=0, overwrite_a=1)
        return failed == 0

    def solve(self, right: Tensor) -> Tensor:
        """See `Normal`."""
        from scipy.linalg.lapack import dpotrs

        found, _ = dpotrs(self.factor, right.numpy(), lower=0)
        return torch.from_numpy(found)
