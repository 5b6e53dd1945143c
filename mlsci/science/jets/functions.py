"""The scalar functions that jets know, each with its derivatives up to fifth order at a point."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Base = tuple[Tensor, ...]


@dataclass(frozen=True)
class Scalar:
    """A smooth function g of one number, elementwise.

    Args:
        base: z -> what is dear to compute, shapes of z; kept for the backward pass.
        table: (z, base, order) -> [g, g', ...] at z, of order + 1 entries, cheap once the base is known.
    """

    base: Callable[[Tensor], Base]
    table: Callable[[Tensor, Base, int], list[Tensor]]

    def __call__(self, z: Tensor, order: int) -> list[Tensor]:
        """[g, g', ..., g⁽ᵒʳᵈᵉʳ⁾] at z."""
        return self.table(z, self.base(z), order)


def _tanh_of(s: Tensor, order: int) -> list[Tensor]:
    """tanh and its derivatives, polynomials of its value s and of c = 1 - s²; few passes, few temporaries."""
    table = [s]
    if order >= 1:
        c = torch.addcmul(s.new_ones(()), s, s, value=-1)
        table.append(c)
    if order >= 2:
        table.append(torch.addcmul(s.new_zeros(()), s, c, value=-2))
    if order >= 3:
        table.append((4 * c).addcmul_(c, c, value=-6))
    if order >= 4:
        table.append((24 * c).sub_(8).mul_(c).mul_(s))
    if order >= 5:
        table.append((120 * c).sub_(120).mul_(c).add_(16).mul_(c))
    return table


def _sigmoid_of(t: Tensor, order: int) -> list[Tensor]:
    """The logistic function as (1 + t) / 2 with t = tanh(z/2)."""
    table = _tanh_of(t, order)
    return [0.5 + 0.5 * table[0], *(0.5 ** (k + 1) * entry for k, entry in enumerate(table[1:], start=1))]


def _times_z(z: Tensor, table: list[Tensor]) -> list[Tensor]:
    """z g: derivatives z g⁽ᵏ⁾ + k g⁽ᵏ⁻¹⁾."""
    return [z * table[0], *(z * table[k] + k * table[k - 1] for k in range(1, len(table)))]


def _normal_of(z: Tensor, base: Base, order: int) -> list[Tensor]:
    """The normal distribution function and its derivatives: its density times Hermite polynomials."""
    distribution, density = base
    square = z * z
    hermite = (
        lambda: torch.ones_like(z),
        lambda: -z,
        lambda: square - 1,
        lambda: z * (3 - square),
        lambda: square * (square - 6) + 3,
    )
    return [distribution, *(polynomial() * density for polynomial in hermite[:order])]


def _reciprocal_of(inverse: Tensor, order: int) -> list[Tensor]:
    """1/z: (-1)^k k! / z^(k+1)."""
    return [inverse, *((-1) ** k * math.factorial(k) * inverse ** (k + 1) for k in range(1, order + 1))]


def _root_of(root: Tensor, z: Tensor, order: int) -> list[Tensor]:
    """√z: the k-th derivative is ½ (½ - 1) ... √z / z^k."""
    table, factor = [root], 1.0
    for k in range(1, order + 1):
        factor *= 1.5 - k
        table.append(factor * root / z**k)
    return table


def _cycle(base: Base, order: int) -> list[Tensor]:
    """The sine, the cosine, and so on."""
    s, c = base
    table = [s, c]
    if order >= 2:
        table.append(-s)
    if order >= 3:
        table.append(-c)
    return [*table, s, c][: order + 1]


def _normal(z: Tensor) -> Base:
    return 0.5 * (1 + torch.erf(z / math.sqrt(2))), torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _logarithm_of(base: Base, order: int) -> list[Tensor]:
    return [base[0], *(_reciprocal_of(base[1], order - 1) if order else [])]


tanh = Scalar(lambda z: (torch.tanh(z),), lambda z, base, order: _tanh_of(base[0], order))
sin = Scalar(lambda z: (torch.sin(z), torch.cos(z)), lambda z, base, order: _cycle(base, order))
cos = Scalar(lambda z: (torch.cos(z), -torch.sin(z)), lambda z, base, order: _cycle(base, order))
exp = Scalar(lambda z: (torch.exp(z),), lambda z, base, order: [base[0]] * (order + 1))
reciprocal = Scalar(lambda z: (1 / z,), lambda z, base, order: _reciprocal_of(base[0], order))
sigmoid = Scalar(lambda z: (torch.tanh(z / 2),), lambda z, base, order: _sigmoid_of(base[0], order))
silu = Scalar(lambda z: (torch.tanh(z / 2),), lambda z, base, order: _times_z(z, _sigmoid_of(base[0], order)))
gelu = Scalar(_normal, lambda z, base, order: _times_z(z, _normal_of(z, base, order)))  # the exact form
square_root = Scalar(lambda z: (torch.sqrt(z),), lambda z, base, order: _root_of(base[0], z, order))
logarithm = Scalar(lambda z: (torch.log(z), 1 / z), lambda z, base, order: _logarithm_of(base, order))
