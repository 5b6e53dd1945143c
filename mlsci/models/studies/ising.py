"""Swendsen and Wang's sampler measures what Onsager and Yang calculated, and where Binder's cumulants cross."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlsci.science.ising.observables import binder_cumulant, crossing, site_energy, site_magnetisation
from mlsci.science.ising.swendsen_wang import configurations

Array = NDArray[np.float64]


class IsingSampling:
    """Energy, magnetisation (the mean of its modulus) and critical temperature, one a case (N, 3): (N, 1).

    T_c is where Binder's cumulants of two sizes cross, the zero of a line through their differences.

    Args:
        side: of lattices for energy and magnetisation.
        sides: the two sizes whose cumulants cross.
        window: temperatures at which cumulants are measured.
        samples: lattices a chain.
        equilibration: sweeps before the first of them.
        interval: sweeps between two.
        seed: of all chains.
    """

    def __init__(
        self,
        *,
        side: int = 64,
        sides: Sequence[int] = (24, 48),
        window: Sequence[float] = (2.21, 2.24, 2.27, 2.30, 2.33),
        samples: int = 10,
        equilibration: int = 40,
        interval: int = 4,
        seed: int = 0,
    ):
        self.side = side
        self.sides = tuple(sides)
        self.window = np.array(window, dtype=np.float64)
        self.settings = {"samples": samples, "equilibration": equilibration, "interval": interval}
        self.seed = seed
        self._curves: dict[str, Tensor] = {}

    def measure(self, cases: Tensor) -> Tensor:
        """One number a case; energy and magnetisation of one temperature come from the same lattices."""
        seen: dict[tuple[float, int], tuple[float, float]] = {}
        found = []
        for quantity, T, chains in cases.tolist():
            if int(quantity) == 2:
                found.append(self._transition(int(chains)))
                continue
            key = (T, int(chains))
            if key not in seen:
                seen[key] = self._means(*key)
            found.append(seen[key][int(quantity)])
        return torch.tensor(found, dtype=torch.float64)[:, None]

    def _means(self, T: float, chains: int) -> tuple[float, float]:
        seed = [self.seed, 0, round(1e6 * T)]
        spins = configurations(np.full(chains, T), side=self.side, seed=seed, **self.settings)
        return float(site_energy(spins).mean()), float(np.abs(site_magnetisation(spins)).mean())

    def _transition(self, chains: int) -> float:
        """Where the cumulants cross; NaN where they do not."""
        small, large = (self._cumulants(side, chains) for side in self.sides)
        self._curves = {"window": torch.from_numpy(self.window)} | {
            f"cumulant/{side}": torch.from_numpy(values)
            for side, values in zip(self.sides, (small, large), strict=True)
        }
        try:
            return crossing(self.window, small, large)
        except ValueError:
            return float("nan")

    def _cumulants(self, side: int, chains: int) -> Array:
        """One a temperature of the window, (K,)."""
        seed = [self.seed, 1, side]
        spins = configurations(np.repeat(self.window, chains), side=side, seed=seed, **self.settings)
        return binder_cumulant(site_magnetisation(spins).reshape(len(self.window), -1))

    def curves(self) -> dict[str, Tensor]:
        """The cumulants at the temperatures of the window."""
        return self._curves
