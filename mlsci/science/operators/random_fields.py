"""Gaussian random fields N(0, σ² (-Δ + τ² I)^-α) on the unit interval and the unit square, mean zero.

The eigenfunctions of the Laplacian have independent normal coefficients of variance σ² (λ + τ²)^-α. The constant is
left out, as in the generators of Li et al. 2021 (arXiv:2010.08895), so that the mean over space is zero as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


def periodic(
    count: int, *, wavenumbers: int, scale: float, tau: float, alpha: float, draw: np.random.Generator
) -> Complex:
    """Fourier coefficients c (count, wavenumbers + 1) of periodic fields Σ c_k exp(2πikx) + c.c. on [0, 1].

    The eigenvalue of exp(±2πikx) is λ = (2πk)². `scale` is σ; c_0 = 0.
    """
    k = np.arange(1, wavenumbers + 1)
    deviation = scale * ((2 * np.pi * k) ** 2 + tau**2) ** (-alpha / 2)
    normal = draw.normal(size=(2, count, wavenumbers))
    # √2 cos and √2 sin are the orthonormal functions.
    found = deviation * (normal[0] - 1j * normal[1]) / np.sqrt(2)
    return np.concatenate([np.zeros((count, 1)), found], axis=1)


def cosine(count: int, *, points: int, wavenumbers: int, tau: float, alpha: float, draw: np.random.Generator) -> Array:
    """Fields (count, points, points) with vanishing normal derivative on the unit square, ends included; σ = 1.

    The eigenvalue of cos(πkx) cos(πly) is λ = π² (k² + l²), k and l below `wavenumbers`. The functions do not depend
    on `points`: every grid samples the same ones.
    """
    k = np.arange(wavenumbers)
    eigenvalue = np.pi**2 * (k[:, None] ** 2 + k[None, :] ** 2)
    deviation = (eigenvalue + tau**2) ** (-alpha / 2)
    deviation[0, 0] = 0.0
    x = np.linspace(0, 1, points)
    basis = np.where(k > 0, np.sqrt(2), 1.0) * np.cos(np.pi * np.outer(x, k))  # (points, wavenumbers), orthonormal
    return basis @ (deviation * draw.normal(size=(count, wavenumbers, wavenumbers))) @ basis.T


def on_grid(coefficients: Complex, points: int) -> Array:
    """Values (N, points) at x = j / points of periodic fields with coefficients (N, K + 1)."""
    highest = coefficients.shape[1] - 1
    # A grid that does not carry all wavenumbers samples a finer one that does.
    every = -(-(2 * highest + 2) // points)
    return np.fft.irfft(coefficients, points * every, norm="forward")[:, ::every]
