"""Which monomials a table of couplings needs: most are in no coupling, by the selection rules."""

from collections.abc import Sequence

import torch
from torch import Tensor

ZERO = 1e-9  # of coefficients of order one, in float32

Step = tuple[Tensor, Tensor, Tensor]


def needed(table: Tensor, factors: Sequence[tuple[Tensor, Tensor]], *, components: int) -> tuple[Tensor, list[Step]]:
    """The part of the table for single components, and (part of the table, lower, last) for each order from 2 on.

    Args:
        table: (rows, monomials of all orders).
        factors: for each order from 2 on: a monomial is `lower` of the order before times the component `last`.
        components: monomials of order 1, of which all are kept.

    `lower` of the answer counts among the monomials that were kept of the order before.
    """
    first, *parts = table.split([components, *(len(last) for _, last in factors)], dim=1)
    steps: list[Step] = []
    wanted = torch.empty(0, dtype=torch.long)  # by the order above
    for part, (lower, last) in zip(reversed(parts), reversed(factors), strict=True):
        used = (part.abs() > ZERO).any(0).cpu()
        used[wanted] = True
        kept = used.nonzero().squeeze(1)
        if steps:
            above = steps[0]
            steps[0] = (above[0], torch.searchsorted(kept, above[1]), above[2])
        wanted = lower[kept]
        steps.insert(0, (part[:, kept.to(part.device)], wanted, last[kept]))
    return first.clone(), steps  # no views of the table: they cannot be exported
