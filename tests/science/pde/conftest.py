"""What the tests of equations share: every equation by name, and solutions tabulated on grids as fields."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mlsci.science.pde.advection import Advection
from mlsci.science.pde.allen_cahn import AllenCahn
from mlsci.science.pde.base import PDE, Parameters
from mlsci.science.pde.burgers import Burgers, BurgersIdentify
from mlsci.science.pde.cavity import Cavity
from mlsci.science.pde.darcy import DarcyIdentify
from mlsci.science.pde.fields import Fields, stack_residuals
from mlsci.science.pde.friedmann import Friedmann
from mlsci.science.pde.heat import Heat
from mlsci.science.pde.helmholtz import Helmholtz
from mlsci.science.pde.kdv import KdV
from mlsci.science.pde.kuramoto_sivashinsky import ChaoticKuramotoSivashinsky, KuramotoSivashinsky
from mlsci.science.pde.lotka_volterra import LotkaVolterra
from mlsci.science.pde.oscillator import Oscillator
from mlsci.science.pde.parameters import Learn
from mlsci.science.pde.poisson import Poisson1d, Poisson2d, Poisson5d
from mlsci.science.pde.schrodinger import Schrodinger
from mlsci.science.pde.wave import Wave

EQUATIONS: dict[str, PDE] = {
    "poisson1d": Poisson1d(amplitude=0.1, waves=6),
    "poisson2d": Poisson2d(),
    "poisson5d": Poisson5d(),
    "helmholtz": Helmholtz(),
    "heat": Heat(),
    "wave": Wave(),
    "advection": Advection(),
    "burgers": Burgers(),
    "burgers_identify": BurgersIdentify(count=20),
    "allen_cahn": AllenCahn(),
    "kdv": KdV(),
    "kuramoto_sivashinsky": KuramotoSivashinsky(),
    "kuramoto_sivashinsky_chaotic": ChaoticKuramotoSivashinsky(),
    "schrodinger": Schrodinger(),
    "cavity": Cavity(),
    "darcy_identify": DarcyIdentify(count=20),
    "oscillator": Oscillator(),
    "lotka_volterra": LotkaVolterra(),
    "friedmann": Friedmann(omega_radiation=0.01),
}

STENCIL = torch.tensor([1 / 280, -4 / 105, 1 / 5, -4 / 5, 0, 4 / 5, -1 / 5, 4 / 105, -1 / 280], dtype=torch.float64)


class GridFields(Fields):
    """Derivatives of values (n1, ..., fields) on a grid by central differences of eighth order, NaN at the edges."""

    def __init__(self, *, axes: Mapping[str, np.ndarray], values: Tensor, fields: tuple[str, ...]):
        grid = np.stack(np.meshgrid(*axes.values(), indexing="ij"), axis=-1).reshape(-1, len(axes))
        super().__init__(fields=fields, coordinates=tuple(axes), points=torch.from_numpy(grid))
        self.steps = [float(axis[1] - axis[0]) for axis in axes.values()]
        self.values = values.reshape(*(len(axis) for axis in axes.values()), len(fields))

    def _derivative(self, field: int, index: tuple[int, ...]) -> Tensor:
        found = self.values[..., field]
        for axis, order in enumerate(index):
            for _ in range(order):
                found = self.slope(found, axis)
        return found.flatten()

    def slope(self, values: Tensor, axis: int) -> Tensor:
        """The first derivative along an axis."""
        windows = values.unfold(axis, len(STENCIL), 1)  # the window becomes the last axis
        found = torch.full_like(values, torch.nan)
        found.narrow(axis, 4, values.shape[axis] - 8).copy_(windows @ STENCIL / self.steps[axis])
        return found


class PeriodicFields(GridFields):
    """The same with the first axis a whole period, right end left out: derivatives along it are spectral."""

    def slope(self, values: Tensor, axis: int) -> Tensor:
        """The first derivative along an axis."""
        if axis:
            return super().slope(values, axis)
        count = len(values)
        waves = torch.fft.fft(values, dim=0)
        wavenumbers = 2j * np.pi * torch.fft.fftfreq(count, self.steps[0], dtype=torch.float64)
        wavenumbers[count // 2] = 0
        return torch.fft.ifft(wavenumbers[:, None] * waves, dim=0).real


def numbers(pde: PDE, **changed: float) -> Any:
    """The coefficients as numbers, learned ones at their true values."""
    known = {name: v.truth if isinstance(v, Learn) else v for name, v in pde.coefficients.items()}
    return Parameters({**known, **changed})


def residual_size(pde: PDE, fields: Fields, p: Any, *, keep: Callable[[Fields], Tensor] | None = None) -> float:
    """Root mean square of the residual over the points where it can be computed (and `keep` is true)."""
    found = stack_residuals(pde.residual(fields, p), name="pde", count=len(fields._points)).detach()
    rows = torch.isfinite(found).all(dim=1)
    if keep is not None:
        rows &= keep(fields)
    assert rows.sum() >= 5
    return float(found[rows].square().mean().sqrt())


@pytest.fixture(name="equations")
def _equations() -> dict[str, PDE]:
    return EQUATIONS


@pytest.fixture(name="grid_fields")
def _grid_fields() -> type[GridFields]:
    return GridFields


@pytest.fixture(name="periodic_fields")
def _periodic_fields() -> type[PeriodicFields]:
    return PeriodicFields


@pytest.fixture(name="numbers")
def _numbers() -> Callable[..., Any]:
    return numbers


@pytest.fixture(name="residual_size")
def _residual_size() -> Callable[..., float]:
    return residual_size


@pytest.fixture(params=EQUATIONS, name="pde")
def _pde(request: pytest.FixtureRequest) -> PDE:
    """Every equation in turn."""
    return EQUATIONS[request.param]
