"""The isotropic power spectrum of periodic fields, and how far it is off."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mlsci.metrics.samples.agreement import against_known, mean_square_deviation
from mlsci.metrics.samples.base import check, warn_if_few

FEWEST = 100  # fields


class HasPower(Protocol):
    """A distribution of fields whose power is known at every wave vector."""

    def power(self) -> Tensor: ...


def wavenumbers(side: int) -> Tensor:
    """|k| of the modes of an FFT over (side, side), in units of 2π / side."""
    k = torch.fft.fftfreq(side, d=1 / side, dtype=torch.float64)
    return (k[:, None].square() + k[None, :].square()).sqrt()


def in_rings(power: Tensor) -> Tensor:
    """Means (..., side // 2) over the modes with |k| nearest to 1, 2, ..., side // 2, of values (..., side, side)."""
    side = power.shape[-1]
    ring = wavenumbers(side).round().long().flatten().to(power.device)
    chosen = (ring >= 1) & (ring <= side // 2)
    index = ring[chosen] - 1
    sums = torch.zeros(*power.shape[:-2], side // 2, dtype=power.dtype, device=power.device)
    sums.index_add_(-1, index, power.flatten(-2)[..., chosen])
    return sums / torch.bincount(index, minlength=side // 2)


def binned_power(fields: Tensor) -> Tensor:
    """P(k) = <|δ_k|²> / side² of each field (N, ..., side, side) in rings |k| = 1 ... side // 2: (N, side // 2).

    White noise of variance 1 has P = 1; channels are averaged. Raises ValueError where the last two axes differ.
    """
    if fields.ndim < 3 or fields.shape[-1] != fields.shape[-2] or fields.shape[-1] < 2:
        raise ValueError(f"fields: expected (N, ..., side, side), got {tuple(fields.shape)}")
    side = fields.shape[-1]
    power = torch.fft.fft2(fields.detach().double()).abs().square() / side**2
    return in_rings(power.reshape(len(fields), -1, side, side).mean(dim=1))


@dataclass(frozen=True, kw_only=True)
class PowerSpectrumError:
    """Relative error of the mean P(k): `max` and `mean` of its absolute value over rings.

    `chi2` is the mean over rings of the squared error in units of the sampling error; it is near 1 for samples of
    the truth. Modes of a ring are averaged, k = 0 and the corners beyond side / 2 are left out.

    Args:
        known: has `power()` (side, side), the exact spectrum; None: that of the true samples.
        highest: largest k that counts, in units of 2π / side; None: side // 2.
    """

    known: HasPower | None = None
    highest: int | None = None

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        check(samples, truth)
        warn_if_few("power spectrum", min(len(samples), len(truth)), FEWEST)
        last = self.highest
        ours, theirs = binned_power(samples)[:, :last], binned_power(truth)[:, :last]
        if self.known is None:
            mean, chi2 = theirs.mean(dim=0), mean_square_deviation(ours, theirs)
        else:
            mean = in_rings(self.known.power().to(ours))[:last]
            chi2 = float(against_known(ours, mean).square().mean())
        error = (ours.mean(dim=0) / mean - 1).abs()
        return {"max": float(error.max()), "mean": float(error.mean()), "chi2": chi2}
