"""Chemical elements: symbols of atomic numbers, and their places in a list of known ones."""

from collections.abc import Iterable

import torch
from ase.data import chemical_symbols
from torch import Tensor

from mlsci.errors import MlsciError


def symbols(numbers: Iterable[int]) -> list[str]:
    """The symbols of atomic numbers."""
    return [chemical_symbols[number] for number in numbers]


def positions_in(z: Tensor, known: Tensor) -> Tensor:
    """The places (N,) of atomic numbers (N,) in the list `known` (S,).

    Raises:
        MlsciError: one of them is not there; names it and those that are.
    """
    table = torch.full((len(chemical_symbols) + 1,), -1, dtype=torch.int64, device=z.device)
    table[known] = torch.arange(len(known), device=z.device)
    found = table[z]
    if bool((found < 0).any()):
        strangers = ", ".join(symbols(sorted(set(z[found < 0].tolist()))))
        raise MlsciError(
            f"elements: {strangers} not among those that the potential knows: {', '.join(symbols(known.tolist()))}"
        )
    return found
