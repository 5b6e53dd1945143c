"""Coupling tables: products of harmonics by one matrix each, made from e3nn's Wigner 3j symbols.

Features carry the parity (-1)^l, so that only couplings of even l1 + l2 + l3 occur.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
import torch
from e3nn import o3

from mlsci.nets.equivariant.harmonics import size

Array = np.ndarray
ZERO = 1e-10  # of coefficients of order one, in float64


@dataclass(frozen=True)
class ConvolutionTable:
    """Every coupling of a feature (l1) with an edge's harmonics (l2) to a message (l3).

    Attributes:
        paths: the couplings (l1, l2, l3), sorted by l1.
        matrix: ((l2_max + 1)², rows, (l3_max + 1)²); a path (l1, l2, l3) has 2 l1 + 1 rows.
    """

    paths: tuple[tuple[int, int, int], ...]
    matrix: Array


@lru_cache
def convolution_table(l_feature: int, l_edge: int, l_message: int) -> ConvolutionTable:
    """The table up to the given degrees; messages of one degree have unit variance together."""
    paths = tuple(
        (a, b, c)
        for a in range(l_feature + 1)
        for b in range(l_edge + 1)
        for c in range(abs(a - b), min(a + b, l_message) + 1)
        if (a + b + c) % 2 == 0
    )
    matrix = np.zeros((size(l_edge), sum(2 * a + 1 for a, _, _ in paths), size(l_message)))
    row = 0
    for a, b, c in paths:
        count = sum(path[2] == c for path in paths)
        block = _coupling(a, b, c).transpose(1, 0, 2) / math.sqrt(count)
        matrix[_components(b), row : row + 2 * a + 1, _components(c)] = block
        row += 2 * a + 1
    return ConvolutionTable(paths, matrix)


@dataclass(frozen=True)
class ProductTable:
    """Every coupling of 1 ... `order` copies of one feature to degrees up to `l_out`.

    Products of components commute, so a coupling is a row of coefficients of monomials; rows that depend on others
    are taken out by an SVD.

    Attributes:
        lower, last: for each order from 2 on: a monomial is the one `lower` of the order before times component `last`.
        matrix: (rows, monomials of all orders); the rows of degree l are ordered (2l + 1, paths[l]).
        paths: the number of independent couplings to each degree.
    """

    lower: tuple[Array, ...]
    last: tuple[Array, ...]
    matrix: Array
    paths: tuple[int, ...]


@lru_cache
def product_table(l_max: int, l_out: int, order: int) -> ProductTable:
    """The table for features up to degree `l_max`."""
    monomials = [list(combinations_with_replacement(range(size(l_max)), n)) for n in range(1, order + 1)]
    positions = [{monomial: place for place, monomial in enumerate(some)} for some in monomials]
    lower = tuple(np.array([positions[n - 1][m[:-1]] for m in some]) for n, some in enumerate(monomials[1:], start=1))
    last = tuple(np.array([m[-1] for m in some]) for some in monomials[1:])
    starts = np.cumsum([0, *(len(some) for some in monomials)])
    rows: list[list[Array]] = [[] for _ in range(l_out + 1)]
    for n, found in enumerate(_couplings(l_max, l_out, order)):
        for degree in range(l_out + 1):
            for block in _independent(found[degree], positions[n]):
                padded = np.zeros((2 * degree + 1, starts[-1]))
                padded[:, starts[n] : starts[n + 1]] = block * math.sqrt(2 * degree + 1)
                rows[degree].append(padded)
    stacked = [np.stack(some, axis=1).reshape(-1, starts[-1]) for some in rows]
    return ProductTable(lower, last, np.concatenate(stacked), tuple(len(some) for some in rows))


@dataclass(frozen=True)
class _Coupling:
    """Some copies of the feature coupled to one degree: `tensor` (2l + 1, S, ..., S); `odd` is its parity."""

    degree: int
    odd: int
    tensor: Array


def _couplings(l_max: int, l_out: int, order: int) -> list[list[list[Array]]]:
    """For each order and degree the tensors (2l + 1, S, ..., S) that couple so many copies to that degree."""
    current = []
    for degree in range(l_max + 1):
        tensor = np.zeros((2 * degree + 1, size(l_max)))
        tensor[:, _components(degree)] = np.eye(2 * degree + 1)
        current.append(_Coupling(degree, degree % 2, tensor))
    found = []
    for n in range(1, order + 1):
        if n > 1:
            reach = l_out + (order - n) * l_max  # what lies above cannot come down to l_out any more
            current = [raised for one in current for raised in _raised(one, l_max=l_max, reach=reach)]
        found.append(
            [[c.tensor for c in current if c.degree == wanted and c.odd == wanted % 2] for wanted in range(l_out + 1)]
        )
    return found


def _raised(one: _Coupling, *, l_max: int, reach: int) -> list[_Coupling]:
    """One more factor in a coupling, in every way; on its way it may have the other parity than (-1)^l."""
    raised = []
    for other in range(l_max + 1):
        for total in range(abs(one.degree - other), min(one.degree + other, reach) + 1):
            coupled = np.einsum("a...,abm->m...b", one.tensor, _coupling(one.degree, other, total))
            full = np.zeros((*coupled.shape[:-1], size(l_max)))
            full[..., _components(other)] = coupled
            raised.append(_Coupling(total, (one.odd + other) % 2, full))
    return raised


def _independent(tensors: list[Array], positions: dict[tuple[int, ...], int]) -> Array:
    """A basis of the couplings as coefficients of monomials, (paths, 2l + 1, monomials)."""
    if not tensors:
        return np.zeros((0, 1, len(positions)))
    rows = np.zeros((len(tensors), tensors[0].shape[0], len(positions)))
    for row, tensor in zip(rows, tensors, strict=True):
        for place in np.argwhere(np.abs(tensor) > ZERO):
            row[place[0], positions[tuple(sorted(place[1:].tolist()))]] += tensor[tuple(place)]
    _, singular, right = np.linalg.svd(rows.reshape(len(rows), -1), full_matrices=False)
    rank = int((singular > 1e-8 * max(float(singular[0]), 1.0)).sum())
    return right[:rank].reshape(rank, *rows.shape[1:])


@lru_cache
def _coupling(a: int, b: int, c: int) -> Array:
    """Wigner 3j symbols (2a + 1, 2b + 1, 2c + 1) that keep unit variance."""
    return o3.wigner_3j(a, b, c, dtype=torch.float64).numpy() * math.sqrt(2 * c + 1)


def _components(degree: int) -> slice:
    return slice(degree**2, (degree + 1) ** 2)
