"""A potential ready for use: opened from a checkpoint, asked for structures that it knows the elements of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.elements import symbols
from mlsci.science.atoms.properties import Properties
from mlsci.science.atoms.skin import SkinPairs
from mlsci.science.atoms.structure import Structure
from mlsci.science.dynamics.system import Answer


class Potential(Protocol):
    """Energies and forces of graphs in the form of `mlsci.science.atoms.graph`."""

    elements: list[int]  # atomic numbers
    cutoff: float  # Å

    def properties(self, batch: Any, *, stress: bool = False) -> Properties:
        """Energy, forces, and stress where it is asked for."""


DTYPES = ("float32", "float64")


def open_potential(source: Any, *, trust: Sequence[str] = (), device: str = "auto", dtype: str | None = None) -> Any:
    """The potential of a checkpoint (a path), or `source` itself where it already is one.

    Args:
        source: path of a checkpoint, or a potential.
        trust: packages outside mlsci whose classes the file may build.
        device: cpu, cuda, ..., or auto: a GPU where there is one.
        dtype: what its net computes in, float32 or float64; None: what it was trained in.

    Raises:
        MlsciError: a model of another kind, or one whose precision cannot be chosen.
        ConfigError: another dtype.
    """
    if dtype not in (None, *DTYPES):
        raise ConfigError(f"dtype: expected {' or '.join(DTYPES)}, got {dtype}")
    model = source
    if isinstance(source, str | Path):
        from mlsci.verbs import open_checkpoint

        model = open_checkpoint(source, trust=trust).model
    missing = [name for name in ("properties", "elements", "cutoff") if not hasattr(model, name)]
    if missing:
        where = f"{source}: " if isinstance(source, str | Path) else ""
        raise MlsciError(f"{where}a {type(model).__name__} is no potential of atoms; model=potential trains one")
    if isinstance(model, torch.nn.Module):
        model = model.eval().to(chosen(device))
    if dtype is not None:
        if not hasattr(model, "compute_in"):
            raise MlsciError(f"dtype: the precision of a {type(model).__name__} cannot be chosen")
        model.compute_in(dtype)
    return model


def chosen(device: str) -> torch.device:
    """The device of a name; auto is a GPU where there is one.

    Raises:
        ConfigError: no such device here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        known = "cpu, cuda or auto" if torch.cuda.is_available() else "cpu or auto, as torch finds no GPU"
        raise ConfigError(f"device: expected {known}, got '{device}'") from error


def device_of(model: Any) -> torch.device:
    """Where a potential computes."""
    return torch.device(getattr(model, "device", "cpu"))


def check_elements(model: Any, structures: Sequence[Structure], *, name: str = "structure") -> None:
    """Refuse atoms that the potential was not trained on, and a structure without atoms."""
    found = {int(number) for structure in structures for number in structure.numbers}
    if not found:
        raise MlsciError(f"{name}: no atoms")
    known = [int(number) for number in model.elements]
    if unknown := sorted(found - set(known)):
        words = ", ".join(symbols(sorted(known)))
        raise MlsciError(f"{name}: holds {', '.join(symbols(unknown))}; the potential knows {words} only")


class PotentialField:
    """The forces of a potential for `science.dynamics`: one call for all replicas, lists of pairs kept with a skin.

    Args:
        model: see `Potential`.
        structures: one a replica.
        skin: margin of the lists of pairs, Å.
    """

    def __init__(self, model: Any, structures: Sequence[Structure], *, skin: float = 1.0):
        check_elements(model, structures)
        self.model = model
        self.pairs = SkinPairs(structures, cutoff=float(model.cutoff), skin=skin, device=str(device_of(model)))

    def __call__(self, positions: Tensor) -> Answer:
        """Energies (G,) in eV and forces (A, 3) in eV/Å at positions (A, 3) in Å."""
        graph, shortest = self.pairs(positions)
        found = self.model.properties(graph)
        return Answer(found.energy.double(), found.forces.double(), found.force_std, shortest)
