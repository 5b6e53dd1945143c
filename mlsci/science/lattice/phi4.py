"""Samples of φ⁴ theory, and its exact limit without interaction; see `mlsci.science.lattice.action`."""

import math

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.distributions.base import Distribution
from mlsci.science.lattice.action import Phi4Action
from mlsci.science.markov.hmc import HMC


class Phi4(Distribution):
    """Fields (1, side, side) with the density exp(-S) / Z, by many chains of HMC; the label is the mean of the field.

    Args:
        side: L.
        mass_squared: M², may be negative where λ > 0.
        coupling: λ, at least 0.
        chains: at a time; each keeps equally many states.
        hmc: mlsci.science.markov.hmc.HMC; None: steps that are right for M² = -4, λ = 8.

    Raises:
        ConfigError: an action without a lower bound, or no lattice.
    """

    def __init__(
        self,
        *,
        side: int = 8,
        mass_squared: float = -4.0,
        coupling: float = 8.0,
        chains: int = 500,
        hmc: HMC | None = None,
    ):
        if side < 1 or chains < 1 or coupling < 0 or (coupling == 0 and not mass_squared > 0):
            raise ConfigError(
                "distribution: expected side >= 1, chains >= 1, coupling >= 0, and mass_squared > 0 where it is 0; "
                f"got side {side}, chains {chains}, coupling {coupling}, mass_squared {mass_squared}"
            )
        self.side = side
        self.action = Phi4Action(mass_squared=mass_squared, coupling=coupling)
        self.shape = (1, side, side)
        self.chains = chains
        self.hmc = HMC(step=0.08, leaps=10, burn_in=300, every=5) if hmc is None else hmc

    def log_weight(self, x: Tensor) -> Tensor:
        """-S in float64, (N,): the log density up to the constant log Z."""
        return -self.action(x.double())

    def sample(self, n: int, *, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """n fields in a random order, and their means (n, 1)."""
        chains = min(self.chains, n)
        start = 0.5 * torch.randn(chains, *self.shape, generator=draw, dtype=torch.float64)
        found = self.hmc.run(start, -(-n // chains), action=self.action, force=self.action.force, draw=draw)
        phi = found.states.flatten(0, 1)
        phi = phi[torch.randperm(len(phi), generator=draw)[:n]]
        return phi, phi.mean(dim=(-1, -2))


def inverse_propagator(side: int, mass_squared: float) -> Tensor:
    """D(k) = Σ_μ 4 sin²(k_μ / 2) + M² at the modes of an FFT over (side, side).

    The free field has <|φ_k|²> = side² / 2D.
    """
    k = 2 * math.pi * torch.fft.fftfreq(side, dtype=torch.float64)
    laplacian = 4 * (k / 2).sin().square()
    return laplacian[:, None] + laplacian[None, :] + mass_squared


def free_log_z(side: int, mass_squared: float) -> float:
    """log ∫ exp(-S) of the free field, λ = 0 and M² > 0: ½ Σ_k log(π / (k̂² + M²))."""
    return 0.5 * float((math.pi / inverse_propagator(side, mass_squared)).log().sum())
