"""Random fields against the variances of their law and the functions they are made of."""

import numpy as np

from mlsci.science.operators.random_fields import cosine, on_grid, periodic

SIGMA, TAU = 25.0, 5.0


def test_a_periodic_field_has_the_covariance_of_its_law() -> None:
    """E u(x) u(y) = Σ_k 2 σ² ((2πk)² + τ²)^-2 cos 2πk(x - y), summed here without any transform."""
    draw = np.random.default_rng(0)
    c = periodic(20_000, wavenumbers=20, scale=SIGMA, tau=TAU, alpha=2.0, draw=draw)
    u = on_grid(c, 48)
    k, x = np.arange(1, 21), np.arange(48) / 48
    exact = (2 * SIGMA**2 * ((2 * np.pi * k) ** 2 + TAU**2) ** -2.0) @ np.cos(2 * np.pi * np.outer(k, x))
    for shift in (0, 12, 24):
        found = (u * np.roll(u, -shift, axis=1)).mean()
        assert abs(found - exact[shift]) < 0.02 * exact[0]
    assert np.abs(u.mean(axis=1)).max() < 1e-14


def test_every_grid_samples_the_same_periodic_function() -> None:
    c = periodic(3, wavenumbers=40, scale=SIGMA, tau=TAU, alpha=2.0, draw=np.random.default_rng(1))
    k = np.arange(41)
    for points in (16, 60, 81, 82, 200):  # below and above what carries all wavenumbers
        x = np.arange(points) / points
        exact = 2 * (c @ np.exp(2j * np.pi * np.outer(k, x))).real
        np.testing.assert_allclose(on_grid(c, points), exact, atol=1e-13)


def test_a_cosine_field_has_the_variance_of_its_law_and_flat_ends() -> None:
    settings = {"wavenumbers": 6, "tau": 3.0, "alpha": 2.0}
    fields = cosine(20_000, points=5, draw=np.random.default_rng(2), **settings)
    k, x = np.arange(6), np.linspace(0, 1, 5)
    basis = np.where(k > 0, 2.0, 1.0)[:, None] * np.cos(np.pi * np.outer(k, x)) ** 2  # squares, (6, 5)
    variance = (np.pi**2 * (k[:, None] ** 2 + k[None, :] ** 2) + 9.0) ** -2.0
    variance[0, 0] = 0.0
    np.testing.assert_allclose((fields**2).mean(axis=0), basis.T @ variance @ basis, rtol=0.04)
    fine = cosine(2, points=1001, draw=np.random.default_rng(3), **settings)
    coarse = cosine(2, points=11, draw=np.random.default_rng(3), **settings)
    np.testing.assert_allclose(fine[:, ::100, ::100], coarse, atol=1e-13)
    slope = np.abs(np.diff(fine, axis=1)[:, [0, -1]]) * 1000
    assert slope.max() < 2e-3 * np.abs(np.diff(fine, axis=1) * 1000).max() * 10
    assert np.abs(slope).max() < 0.02
