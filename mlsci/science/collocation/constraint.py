"""Hard and soft constraints: how a net's outputs become fields, and which conditions are left to train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from mlsci.science.pde.base import PDE
from mlsci.science.pde.conditions import Condition
from mlsci.science.pde.fields import View


class Place(View):
    """Coordinates by name, with `elapsed`, the time since the start, and `initial`, the fields there, or None.

    Where the equation has a background, `initial` moves on with it. `parity` (N, fields), if any, is what the outputs
    of a net are multiplied by, so that odd fields vanish where a mirror of the equation stands; `carriers`, each
    (N, 1), are the oscillations that they modulate.
    """

    def __init__(
        self,
        columns: Any,
        names: Sequence[str],
        *,
        elapsed: Any = None,
        initial: View | None = None,
        parity: Any = None,
        carriers: Sequence[Any] = (),
    ):
        super().__init__(columns, names)
        self.elapsed = elapsed
        self.initial = initial
        self.parity = parity
        self.carriers = carriers


class Constraint:
    """Turns a net's outputs into fields."""

    def __call__(self, pde: PDE, outputs: View, place: Place) -> Any:
        """The fields (N, fields), a tensor or a jet."""
        raise NotImplementedError

    def trained(self, conditions: Sequence[Condition]) -> list[Condition]:
        """The conditions that the fields don't fulfil by construction."""
        raise NotImplementedError


class Hard(Constraint):
    """By the equation's ansatz: its conditions hold exactly, whatever the net says."""

    def __call__(self, pde: PDE, outputs: View, place: Place) -> Any:
        """The ansatz of the equation."""
        found = pde.ansatz(outputs, place)
        return torch.stack(list(found if isinstance(found, tuple) else (found,)), dim=1)

    def trained(self, conditions: Sequence[Condition]) -> list[Condition]:
        """All but those that the ansatz fulfils."""
        return [condition for condition in conditions if not condition.hard]


class Soft(Constraint):
    """The outputs are the fields: every condition is a term of the loss."""

    def __call__(self, pde: PDE, outputs: View, place: Place) -> Any:
        """The outputs themselves."""
        return torch.stack([getattr(outputs, name) for name in pde.fields], dim=1)

    def trained(self, conditions: Sequence[Condition]) -> list[Condition]:
        """All of them."""
        return list(conditions)
