"""The map of Burgers' equation from initial values to the solution at a later time, for many of them at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlsci.science.operators.random_fields import on_grid
from mlsci.science.solvers.etdrk4 import Semilinear, etdrk4

Complex = NDArray[np.complex128]


def evolved(initial: Complex, *, nu: float, time: float, modes: int, steps: int) -> Complex:
    """Fourier coefficients (N, modes // 2) of u(time), where u_t + u u_x = nu u_xx on the ring [0, 1].

    `initial` are those of u(0), (N, K + 1), both in the convention of `on_grid`; those that `modes` points do not
    carry are left out. Fourth order in the step time / steps (less for rough initial values: third for those of the
    FNO law), spectral in space, dealiased. Raises ConfigError for odd
    `modes`.
    """
    kept = initial[:, : modes // 2]
    equation = Semilinear(
        initial=lambda x: on_grid(kept, len(x)),  # asked for at equidistant points of the ring alone
        linear=lambda D: nu * D**2,
        outer=lambda D: -D / 2,
        flux=np.square,
        domain=(0.0, 1.0),
        t_end=time,
    )
    values = etdrk4(equation, modes=modes, outputs=1, substeps=steps, dealias=True, oversample=1)[-1]
    return np.fft.rfft(values, norm="forward")[:, : modes // 2]
