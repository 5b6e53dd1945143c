"""Mirror symmetry of a solution, that a net can have by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mirror:
    """A reflection x -> 2·at - x of a periodic coordinate that maps the solution to itself.

    Args:
        at: where the mirror stands; half a period on there is another one.
        odd: fields that change their sign, u(2·at - x) = -u(x); the others keep it.
    """

    at: float = 0.0
    odd: Sequence[str] = ()
