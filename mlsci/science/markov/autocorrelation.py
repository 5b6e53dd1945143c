"""The integrated autocorrelation time of a chain (Wolff 2004, Comput. Phys. Commun. 156, 143; Sokal's window)."""

from dataclasses import dataclass

import torch
from torch import Tensor

WINDOW = 5.0  # autocorrelation times after which the sum ends


@dataclass(frozen=True)
class Autocorrelation:
    """ρ(t) for t = 0, 1, ... (n,), τ = ½ + Σ_{t>0} ρ(t), where its sum ends, and its standard error.

    N states are worth N / 2τ independent ones; τ = ½ for a chain without memory.
    """

    rho: Tensor
    tau: float
    window: int
    stderr: float


def autocorrelation(values: Tensor) -> Autocorrelation:
    """Of an observable (steps, chains); the mean of all chains is subtracted. NaN for values that do not vary."""
    values = values.double()
    steps, chains = values.shape
    away = values - values.mean()
    transformed = torch.fft.rfft(away, n=2 * steps, dim=0)
    sums = torch.fft.irfft(transformed.abs().square(), n=2 * steps, dim=0)[:steps].mean(dim=1)
    gamma = sums / (steps - torch.arange(steps))
    if not float(gamma[0]) > 0:
        return Autocorrelation(rho=torch.full_like(gamma, torch.nan), tau=float("nan"), window=0, stderr=float("nan"))
    rho = gamma / gamma[0]
    tau = rho.cumsum(dim=0) - 0.5
    enough = torch.arange(steps) >= WINDOW * tau
    window = int(enough.long().argmax()) if bool(enough.any()) else steps - 1
    found = max(float(tau[window]), 0.5)
    stderr = found * (2 * (2 * window + 1) / (steps * chains)) ** 0.5
    return Autocorrelation(rho=rho, tau=found, window=window, stderr=stderr)
