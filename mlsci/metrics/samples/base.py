"""What comparisons of two sets of samples share: signature, flat rows, and a warning where samples are too few."""

import warnings
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

Features = Callable[[Tensor], Tensor]


class Comparison(Protocol):
    """Values by name for samples (N, *shape) beside the truth (M, *shape)."""

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]: ...


class TooFewSamples(RuntimeWarning):
    """A metric had fewer samples than it needs; the value is given all the same."""


def rows(samples: Tensor, truth: Tensor, *, features: Features | None = None) -> tuple[Tensor, Tensor]:
    """Both sets as (N, d) and (M, d) in float64, through `features` where they are given.

    Raises:
        ValueError: the two have other shapes, or there is no sample, or one is not finite.
    """
    check(samples, truth)
    if features is not None:
        with torch.no_grad():
            samples, truth = features(samples), features(truth)
    return samples.detach().double().flatten(1), truth.detach().double().flatten(1)


def check(samples: Tensor, truth: Tensor) -> None:
    """Refuse sets of other shapes, empty ones, and values that are not finite (ValueError)."""
    if samples.shape[1:] != truth.shape[1:] or not len(samples) or not len(truth):
        raise ValueError(
            f"samples and truth: expected (N, *shape) and (M, *shape), got {tuple(samples.shape)} and "
            f"{tuple(truth.shape)}"
        )
    for name, values in (("samples", samples), ("truth", truth)):
        bad = int((~torch.isfinite(values.flatten(1))).any(dim=1).sum())
        if bad:
            raise ValueError(f"{name}: {bad} of {len(values)} are not finite")


def warn_if_few(name: str, got: int, needed: int) -> None:
    """Warn that `name` had `got` samples where it needs `needed`."""
    if got < needed:
        warnings.warn(f"{name}: {got} samples, needs at least {needed}", TooFewSamples, stacklevel=3)
