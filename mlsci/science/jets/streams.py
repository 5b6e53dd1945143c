"""Arithmetic of Taylor streams (S, N, ...): products, their transposes, and scalar functions of them.

Every stream of a result is a sum of products of streams; it is written where the caller says, or made new.

In memory the features come first, (features, S, N): an affine map is then one product of matrices with long rows,
twice as fast as with short ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import torch
from torch import Tensor

from mlsci.science.jets.layout import Layout

Streams = Sequence[Tensor]
Term = tuple[Tensor, Tensor, float]  # a · b · weight


def joined(parts: Sequence[Tensor], axis: int) -> Tensor:
    """Streams (S, N, ..., features) put together along an axis."""
    last = parts[0].ndim - 1
    if last < 2:
        return torch.cat(list(parts), dim=axis)
    turned = [part.movedim(-1, 0) for part in parts]
    return torch.cat(turned, dim=0 if axis == last else axis + 1).movedim(0, -1)


def empty(shape: Sequence[int], like: Tensor) -> Tensor:
    """Room for streams of a shape (S, N, ..., features)."""
    if len(shape) == 2:
        return like.new_empty(shape)
    return like.new_empty((shape[-1], *shape[:-1])).movedim(0, -1)


def product(a: Streams, b: Streams, layout: Layout, *, out: Streams | None = None) -> list[Tensor]:
    """(a b)_α = Σ a_β b_γ over β + γ = α."""
    found = []
    for alpha, pairs in enumerate(layout.pairs):
        terms = [(a[0], b[alpha], 1.0)] + ([(a[alpha], b[0], 1.0)] if alpha else [])
        terms += [(a[beta], b[gamma], 1.0) for beta, gamma in pairs]
        found.append(_total(terms, out[alpha] if out is not None else None))
    return found


def transposed(gradient: Streams, b: Streams, layout: Layout, *, out: Streams | None = None) -> list[Tensor]:
    """What comes back to `a` from the gradient of its product with `b`: ā_β = Σ gradient_α b_γ over β + γ = α."""
    terms: list[list[Term]] = [[(g, b[0], 1.0)] for g in gradient]
    for alpha, pairs in enumerate(layout.pairs):
        if alpha:
            terms[0].append((gradient[alpha], b[alpha], 1.0))
        for beta, gamma in pairs:
            terms[beta].append((gradient[alpha], b[gamma], 1.0))
    return [_total(found, out[beta] if out is not None else None) for beta, found in enumerate(terms)]


def composed(d: Streams, g: Streams, layout: Layout, *, out: Streams | None = None) -> list[Tensor]:
    """g(d) with the derivatives [g, g', ...] at the value: Σ g⁽ᵏ⁾ δᵏ / k!, where δ is d without its value."""
    found = [g[0] if out is None else out[0].copy_(g[0])]
    powers = _powers(d, layout)
    for alpha in range(1, len(layout.indices)):
        terms = [(g[1], d[alpha], 1.0)]
        terms += [(g[k], power[alpha], 1 / factorial(k)) for k, power in powers.items() if alpha in power]
        found.append(_total(terms, out[alpha] if out is not None else None))
    return found


def _powers(d: Streams, layout: Layout) -> dict[int, dict[int, Tensor]]:
    """The streams of δ², δ³, δ⁴ that are not zero."""
    powers = {1: {stream: d[stream] for stream in range(1, len(layout.indices))}}
    for k in range(2, layout.order + 1):
        powers[k] = {}
        for alpha, pairs in enumerate(layout.pairs):
            terms = _terms(d, powers[k - 1], pairs, symmetric=k == 2)
            if terms:
                powers[k][alpha] = _total(terms, None)
    del powers[1]
    return powers


def _terms(d: Streams, lower: dict[int, Tensor], pairs: Sequence[tuple[int, int]], *, symmetric: bool) -> list[Term]:
    """Of Σ δ_β (δᵏ⁻¹)_γ over β + γ = α; for the square every pair of different streams counts twice."""
    wanted = [(b, c) for b, c in pairs if c in lower and not (symmetric and b > c)]
    return [(d[b], lower[c], 2.0 if symmetric and b < c else 1.0) for b, c in wanted]


def _total(terms: Sequence[Term], out: Tensor | None) -> Tensor:
    """Σ a · b · weight, one pass over memory a term."""
    (a, b, weight), *rest = terms
    total = torch.mul(a, b, out=out)
    if weight != 1:
        total = total * weight if out is None else out.mul_(weight)
    for a, b, weight in rest:
        total = total.addcmul_(a, b, value=weight)
    return total
