"""Whether the means of several observables agree in two sets of samples, in units of their sampling error."""

import torch
from torch import Tensor


def mean_square_deviation(ours: Tensor, truth: Tensor) -> float:
    """Mean over observables of z² = (mean difference)² / (var/N + var/M), for values (N, k) and (M, k).

    Near 1 where both sets have one distribution. Observables that do not vary in either set are left out; NaN where
    none is left, or a set has one sample.
    """
    difference = ours.mean(dim=0) - truth.mean(dim=0)
    variance = ours.var(dim=0) / len(ours) + truth.var(dim=0) / len(truth)
    varies = variance > 0
    if not bool(varies.any()):
        return float("nan")
    return float((difference[varies].square() / variance[varies]).mean())


def against_known(ours: Tensor, known: Tensor) -> Tensor:
    """z (k,) of the means of values (N, k) beside known means (k,); 0 where neither differs nor varies."""
    difference = ours.mean(dim=0) - known
    error = (ours.var(dim=0) / len(ours)).sqrt()
    return torch.where(difference == 0, 0.0, difference / error)
