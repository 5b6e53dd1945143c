"""Which Taylor coefficients a jet carries, and which pairs of them multiply to which."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from math import factorial, prod

MultiIndex = tuple[int, ...]
HIGHEST_ORDER = 4


@dataclass(frozen=True)
class Layout:
    """A downward-closed set of multi-indices over d coordinates, by rising order; the first is zero.

    A jet of S streams holds the Taylor coefficients D^α u / α! for these α.
    """

    indices: tuple[MultiIndex, ...]

    @classmethod
    def of(cls, wanted: Iterable[MultiIndex], *, dimension: int) -> "Layout":
        """The smallest layout with the wanted derivatives, of any order; jets carry those up to `HIGHEST_ORDER`."""
        return _layout(frozenset(wanted), dimension)

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.indices[0])

    @cached_property
    def order(self) -> int:
        """The highest order of a derivative."""
        return max(sum(index) for index in self.indices)

    @cached_property
    def position(self) -> dict[MultiIndex, int]:
        """Stream number of every multi-index."""
        return {index: stream for stream, index in enumerate(self.indices)}

    @cached_property
    def first(self) -> int:
        """The number of streams of order zero and one."""
        return sum(sum(index) <= 1 for index in self.indices)

    @cached_property
    def pairs(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For every stream the pairs (β, γ) of streams with β + γ = α, both above order zero."""
        found: list[tuple[tuple[int, int], ...]] = []
        for index in self.indices:
            below = [b for b in product(*(range(n + 1) for n in index)) if 0 < sum(b) < sum(index)]
            rest = [tuple(a - b for a, b in zip(index, beta, strict=True)) for beta in below]
            found.append(tuple((self.position[b], self.position[c]) for b, c in zip(below, rest, strict=True)))
        return tuple(found)

    @cached_property
    def factorials(self) -> tuple[int, ...]:
        """α! of every stream: from Taylor coefficients to derivatives."""
        return tuple(prod(factorial(n) for n in index) for index in self.indices)


@lru_cache(maxsize=256)
def _layout(wanted: frozenset[MultiIndex], dimension: int) -> Layout:
    closed = {(0,) * dimension}
    for index in wanted:
        closed.update(product(*(range(n + 1) for n in index)))
    return Layout(indices=tuple(sorted(closed, key=lambda index: (sum(index), tuple(-n for n in index)))))
