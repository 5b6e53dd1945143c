"""The exact likelihood of a model whose samples follow an ordinary differential equation (Chen et al. 2018)."""

import itertools
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mlsci.models.integrators import Velocity


class Divergence(Protocol):
    """(velocity, x (B, *shape), t, probes) -> velocity and its divergence (B,)."""

    def probes(self, x: Tensor) -> Tensor | None:
        """What stays fixed along a way."""
        ...

    def __call__(self, velocity: Velocity, x: Tensor, t: Tensor, probes: Tensor | None) -> tuple[Tensor, Tensor]: ...


@dataclass(frozen=True)
class ExactTrace:
    """Σ ∂v_i / ∂x_i, one backward pass a value: for few dimensions."""

    def probes(self, x: Tensor) -> Tensor | None:
        """Nothing is drawn."""
        return None

    def __call__(self, velocity: Velocity, x: Tensor, t: Tensor, probes: Tensor | None) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            v = velocity(x, t)
            flat, total = v.flatten(1), torch.zeros(len(x), device=x.device, dtype=x.dtype)
            for place in range(flat.shape[1]):
                (row,) = torch.autograd.grad(flat[:, place].sum(), x, retain_graph=True)
                total = total + row.flatten(1)[:, place]
        return v.detach(), total


@dataclass(frozen=True, kw_only=True)
class Hutchinson:
    """The mean of e · (∂v/∂x)ᵀ e over `samples` random signs e, without bias (Grathwohl et al. 2019).

    Raises ValueError for fewer than one sample.
    """

    samples: int = 1

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"Hutchinson: samples must be at least 1, got {self.samples}")

    def probes(self, x: Tensor) -> Tensor | None:
        """Signs (samples, B, *shape), the same along the whole way."""
        return torch.randint(0, 2, (self.samples, *x.shape), device=x.device).to(x.dtype) * 2 - 1

    def __call__(self, velocity: Velocity, x: Tensor, t: Tensor, probes: Tensor | None) -> tuple[Tensor, Tensor]:
        total = torch.zeros(len(x), device=x.device, dtype=x.dtype)
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            v = velocity(x, t)
            for e in () if probes is None else probes:
                (row,) = torch.autograd.grad((v * e).sum(), x, retain_graph=True)
                total = total + (row * e).flatten(1).sum(dim=1)
        return v.detach(), total / self.samples


def followed(velocity: Velocity, x: Tensor, times: Tensor, divergence: Divergence) -> tuple[Tensor, Tensor]:
    """x at the last time by Heun's steps, and ∫ divergence dt along the way, (B,).

    log p at the first time is log p at the last one plus that integral.
    """
    change, probes = torch.zeros(len(x), device=x.device, dtype=x.dtype), divergence.probes(x)
    for now, then in itertools.pairwise(times):
        h = then - now
        first, inflow = divergence(velocity, x, now, probes)
        second, outflow = divergence(velocity, x + h * first, then, probes)
        x = x + 0.5 * h * (first + second)
        change = change + 0.5 * h * (inflow + outflow)
    return x, change
