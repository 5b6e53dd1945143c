"""What proposals with known density tell of an unnormalised one: effective sample size, log Z, a Metropolis chain."""

import math

import torch
from torch import Tensor

from mlsci.data.order import mix


def effective_sample_size(log_weights: Tensor) -> Tensor:
    """(Σ w)² / (N Σ w²), from 1/N to 1, of log weights (N,)."""
    return (2 * log_weights.logsumexp(0) - (2 * log_weights).logsumexp(0)).exp() / len(log_weights)


def log_partition(log_weights: Tensor) -> tuple[Tensor, Tensor]:
    """log Z = log mean w of log weights (N,), and its standard error by the delta method."""
    n = len(log_weights)
    log_z = log_weights.logsumexp(0) - math.log(n)
    relative = (log_weights - log_z).exp()
    return log_z, relative.std() / math.sqrt(n)


def metropolis(log_weights: Tensor, *, seed: int) -> Tensor:
    """The states (N,), as numbers of proposals, of the chain that proposes them in order and accepts min(1, w'/w)."""
    uniform = torch.rand(len(log_weights), generator=torch.Generator().manual_seed(mix(seed, 1)), dtype=torch.float64)
    thresholds, weights = uniform.log().tolist(), log_weights.double().cpu().tolist()
    states, now = [0], 0
    for proposal in range(1, len(weights)):
        if thresholds[proposal] < weights[proposal] - weights[now]:
            now = proposal
        states.append(now)
    return torch.tensor(states)


def autocorrelation_time(series: Tensor, *, window: float = 5.0) -> float:
    """Integrated autocorrelation time 1/2 + Σ ρ(t) of a series (N,), cut at `window` times itself (Wolff 2004).

    0.5 for independent values; NaN for a constant series.
    """
    values = series.double() - series.double().mean()
    n = len(values)
    spectrum = torch.fft.rfft(values, n=2 * n)
    correlation = torch.fft.irfft(spectrum.abs().square(), n=2 * n)[:n] / torch.arange(n, 0, -1)
    if not float(correlation[0]) > 0:
        return math.nan
    times = 0.5 + torch.cumsum(correlation[1:] / correlation[0], dim=0)
    cut = torch.arange(1, n) >= window * times
    return float(times[int(cut.nonzero()[0])]) if cut.any() else float(times[-1])
