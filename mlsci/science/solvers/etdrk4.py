"""Periodic semilinear equations by Fourier modes and exponential time differencing (Kassam & Trefethen 2005).

A.-K. Kassam, L. N. Trefethen, "Fourth-order time-stepping for stiff PDEs", SIAM J. Sci. Comput. 26 (2005) 1214-1233.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.solvers.grid import Grid

Array = NDArray[np.inexact[Any]]  # float64, or complex128 where the solution is
Complex = NDArray[np.complexfloating[Any, Any]]
Function = Callable[[NDArray[np.float64]], Array]


@dataclass(frozen=True)
class Semilinear:
    """u_t = linear(D) u + outer(D) flux(u), where D = d/dx, on the periodic `domain` for 0 <= t <= t_end.

    `linear` and `outer` are polynomials in D that take an array, e.g. `lambda D: 0.01 * D**2`; `flux` maps the values
    u to values; `initial` maps x to u(x, 0), complex where the solution is. Many solutions at once: it maps x (N,) to
    (solutions, N).
    """

    initial: Function
    linear: Callable[[Complex], Array | complex]
    outer: Callable[[Complex], Array | complex]
    flux: Callable[[Array], Array]
    domain: tuple[float, float]
    t_end: float

    def points(self, modes: int) -> NDArray[np.float64]:
        """`modes` equidistant points of one period, the right end left out."""
        left, right = self.domain
        return left + (right - left) * np.arange(modes) / modes


class _Fourier:
    """Transforms between values (..., modes) and coefficients; real functions keep non-negative wavenumbers only."""

    def __init__(self, equation: Semilinear, *, modes: int, dealias: bool):
        left, right = equation.domain
        self.equation, self.modes = equation, modes
        self.complex = np.iscomplexobj(equation.initial(equation.points(2)))
        index = np.fft.fftfreq(modes, 1 / modes) if self.complex else np.arange(modes // 2 + 1.0)
        self.D = 2j * np.pi / (right - left) * index
        self.kept = np.abs(index) <= modes // 3 if dealias else np.ones(len(index), dtype=bool)

    def forward(self, values: Array) -> Complex:
        return np.fft.fft(values) if self.complex else np.fft.rfft(values)

    def backward(self, coefficients: Complex) -> Array:
        return np.fft.ifft(coefficients) if self.complex else np.fft.irfft(coefficients, self.modes)

    def symbol(self, polynomial: Callable[[Complex], Array | complex]) -> Array:
        """A polynomial in D on every mode; the Nyquist mode stands for both signs, so its odd powers cancel."""
        values = np.broadcast_to(np.asarray(polynomial(self.D), dtype=complex), self.D.shape).copy()
        nyquist = self.modes // 2
        mirrored = np.broadcast_to(np.asarray(polynomial(-self.D), dtype=complex), self.D.shape)
        values[nyquist] = (values[nyquist] + mirrored[nyquist]) / 2
        return values if np.any(values.imag) else values.real.copy()

    def projected(self, oversample: int) -> Complex:
        """Coefficients of the initial values from a finer grid.

        Sampled on the grid itself, a kink (x^2 cos(pi x) has one at x = 1) folds its slowly decaying tail back onto
        the low modes, where the error stays for ever; the projection loses only the tail.
        """
        fine = self.forward(self.equation.initial(self.equation.points(self.modes * oversample))) / oversample
        half = self.modes // 2
        if oversample == 1:
            return fine
        if not self.complex:
            return np.concatenate([fine[..., :half], 2 * fine[..., half : half + 1].real], axis=-1)
        nyquist = fine[..., half, None] + fine[..., -half, None]
        return np.concatenate([fine[..., :half], nyquist, fine[..., -half + 1 :]], axis=-1)


def _weights(L: Array, step: float, nodes: int = 64) -> tuple[Array, Array, Array, Array]:
    """The four coefficient functions of ETDRK4, by the mean over a circle of radius 1 around each step * L.

    The closed forms cancel catastrophically near 0; on the circle they do not, and the mean of an analytic function
    is its value at the centre.
    """
    circle = np.exp(2j * np.pi * (np.arange(nodes) + 0.5) / nodes)
    z = step * L[:, None] + circle  # (K, nodes)
    e = np.exp(z)
    functions = (
        (np.exp(z / 2) - 1) / z,
        (-4 - z + e * (4 - 3 * z + z**2)) / z**3,
        (2 + z + e * (z - 2)) / z**3,
        (-4 - 3 * z - z**2 + e * (4 - z)) / z**3,
    )
    means = [step * f.mean(axis=1) for f in functions]
    half, first, middle, last = means if np.iscomplexobj(L) else [mean.real for mean in means]
    return half, first, middle, last


def etdrk4(
    equation: Semilinear, *, modes: int, outputs: int, substeps: int, dealias: bool = False, oversample: int = 8
) -> Array:
    """The solution (outputs + 1, ..., modes) at equidistant times from 0 to t_end, of fourth order in the step.

    The step is t_end / outputs / substeps; `modes` must be even. `dealias` keeps the lower two thirds of the modes of
    the nonlinear term, which is exact for a quadratic flux. The first row holds the initial values themselves. Raises
    MlsciError where the solution does not stay finite.
    """
    if modes < 4 or modes % 2 or outputs < 1 or substeps < 1 or oversample < 1:
        raise ConfigError(
            "etdrk4: modes must be even and at least 4, outputs, substeps and oversample at least 1; "
            f"got modes={modes}, outputs={outputs}, substeps={substeps}, oversample={oversample}"
        )
    space = _Fourier(equation, modes=modes, dealias=dealias)
    stepper = _stepper(space, step=equation.t_end / outputs / substeps)
    v = space.projected(oversample)
    frames = [np.asarray(equation.initial(equation.points(modes)))]
    for frame in range(1, outputs + 1):
        for _ in range(substeps):
            v = stepper(v)
        frames.append(space.backward(v))
        if not np.all(np.isfinite(frames[-1])):
            raise MlsciError(f"etdrk4: not finite at output {frame} of {outputs}; take more substeps (got {substeps})")
    return np.stack(frames)


def _stepper(space: _Fourier, *, step: float) -> Callable[[Complex], Complex]:
    """One step of ETDRK4 on the coefficients."""
    equation = space.equation
    L = space.symbol(equation.linear)
    outer = space.symbol(equation.outer) * space.kept
    whole, halved = np.exp(step * L), np.exp(step * L / 2)
    half, first, middle, last = _weights(L, step)

    def N(v: Complex) -> Complex:
        return outer * space.forward(equation.flux(space.backward(v)))

    def advance(v: Complex) -> Complex:
        Nv, start = N(v), halved * v
        a = start + half * Nv
        Na = N(a)
        b = start + half * Na
        Nb = N(b)
        c = halved * a + half * (2 * Nb - Nv)
        return whole * v + first * Nv + 2 * middle * (Na + Nb) + last * N(c)

    return advance


def converged(equation: Semilinear, *, modes: int, outputs: int, substeps: int, dealias: bool = False) -> Grid:
    """The solution with `2 * modes` and `2 * substeps`; its error estimate is the difference to (modes, substeps)."""
    coarse = etdrk4(equation, modes=modes, outputs=outputs, substeps=substeps, dealias=dealias)
    fine = etdrk4(equation, modes=2 * modes, outputs=outputs, substeps=2 * substeps, dealias=dealias)
    error = float(np.linalg.norm(fine[:, ::2] - coarse) / np.linalg.norm(fine[:, ::2]))
    times = equation.t_end * np.arange(outputs + 1) / outputs
    return Grid(x=equation.points(2 * modes), t=times, u=fine, self_error=error)


@functools.cache
def allen_cahn(*, modes: int = 2048, outputs: int = 200, substeps: int = 4) -> Grid:
    """u_t = 1e-4 u_xx + 5 u - 5 u^3 on [-1, 1], u(x, 0) = x^2 cos(pi x), t in [0, 1].

    The periodic initial values have a kink at x = 1, which diffusion smooths: it limits the early times, with
    which the error falls as modes^-4.5. self_error 9e-9 in 2.7 CPU-s.
    """
    return converged(
        Semilinear(
            initial=lambda x: x**2 * np.cos(np.pi * x),
            linear=lambda D: 1e-4 * D**2 + 5,
            outer=lambda D: -5.0,
            flux=lambda u: u**3,
            domain=(-1.0, 1.0),
            t_end=1.0,
        ),
        modes=modes,
        outputs=outputs,
        substeps=substeps,
    )


@functools.cache
def kdv(*, mu2: float = 0.022**2, modes: int = 512, outputs: int = 200, substeps: int = 25) -> Grid:
    """Korteweg-de Vries, u_t + u u_x + mu2 u_xxx = 0 on [-1, 1], u(x, 0) = cos(pi x), t in [0, 1].

    self_error 2.6e-9 in 1.7 CPU-s. The MATLAB file of the literature has mu2 = 0.0025.
    """
    return converged(
        Semilinear(
            initial=lambda x: np.cos(np.pi * x),
            linear=lambda D: -mu2 * D**3,
            outer=lambda D: -D / 2,
            flux=lambda u: u**2,
            domain=(-1.0, 1.0),
            t_end=1.0,
        ),
        modes=modes,
        outputs=outputs,
        substeps=substeps,
    )


def regular_start(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """-sin(pi x), from which Kuramoto-Sivashinsky stays regular."""
    return -np.sin(np.pi * x)


def chaotic_start(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """cos(x) (1 + sin(x)), from which Kuramoto-Sivashinsky becomes chaotic."""
    return np.cos(x) * (1 + np.sin(x))


@functools.cache
def kuramoto_sivashinsky(
    *,
    alpha: float = 5.0,
    beta: float = 0.5,
    gamma: float = 0.005,
    initial: Function = regular_start,
    domain: tuple[float, float] = (-1.0, 1.0),
    t_end: float = 1.0,
    modes: int = 128,
    outputs: int = 250,
    substeps: int = 40,
) -> Grid:
    """u_t + alpha u u_x + beta u_xx + gamma u_xxxx = 0, by default the regular case of the literature.

    self_error 9e-10 in 2.6 CPU-s. `chaotic()` is the other case.
    """
    return converged(
        Semilinear(
            initial=initial,
            linear=lambda D: -beta * D**2 - gamma * D**4,
            outer=lambda D: -alpha / 2 * D,
            flux=lambda u: u**2,
            domain=domain,
            t_end=t_end,
        ),
        modes=modes,
        outputs=outputs,
        substeps=substeps,
    )


def chaotic(*, t_end: float = 1.0, modes: int = 256, outputs: int = 250, substeps: int = 100) -> Grid:
    """Kuramoto-Sivashinsky with alpha = 100/16, beta = 100/16^2, gamma = 100/16^4 on [0, 2 pi], where errors grow.

    self_error 2.6e-9 over t in [0, 1], 7e-9 at t = 1, in 6.7 CPU-s.
    """
    return kuramoto_sivashinsky(
        alpha=100 / 16,
        beta=100 / 16**2,
        gamma=100 / 16**4,
        initial=chaotic_start,
        domain=(0.0, 2 * np.pi),
        t_end=t_end,
        modes=modes,
        outputs=outputs,
        substeps=substeps,
    )


@functools.cache
def schrodinger(*, modes: int = 4096, outputs: int = 200, substeps: int = 10) -> Grid:
    """i h_t + h_xx / 2 + |h|^2 h = 0 on [-5, 5], h(x, 0) = 2 sech x, t in [0, pi/2]; complex.

    Continued periodically, 2 sech x has a kink at x = 5, which dispersion spreads but never smooths, so the error
    falls only as modes^-1.5. self_error 1.5e-7 in 6.7 CPU-s.
    """
    mean = 4 * np.tanh(5.0) / 5  # of |h|^2, which is conserved

    # A mode far above the others sees |h|^2 h as 2 mean(|h|^2) h. Taken into the linear part, it costs no accuracy
    # in time; left in the flux, it brings the order for the kink's tail below one.
    return converged(
        Semilinear(
            initial=lambda x: 2 / np.cosh(x) + 0j,
            linear=lambda D: 0.5j * D**2 + 2j * mean,
            outer=lambda D: 1j,
            flux=lambda h: (h.real**2 + h.imag**2 - 2 * mean) * h,
            domain=(-5.0, 5.0),
            t_end=np.pi / 2,
        ),
        modes=modes,
        outputs=outputs,
        substeps=substeps,
    )
