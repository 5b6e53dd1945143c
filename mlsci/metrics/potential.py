"""Errors of a potential's energies, forces and stress, in the units that the literature prints."""

from typing import Any, Literal

import torch
from torch import Tensor
from torchmetrics import Metric


class PropertyError(Metric):
    """Root mean square or mean absolute error of one property over all structures, atoms and components.

    Compares `Properties` with `Labels` (mlsci.models.potential); labels that are NaN are left out.

    Args:
        of: "energy" (eV), "forces" (eV/Å) or "stress" (eV/Å³).
        kind: "rmse" or "mae".
        per_atom: energies divided by the number of atoms.
        scale: factor on the result; 1000 for meV.
    """

    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(
        self,
        *,
        of: Literal["energy", "forces", "stress"],
        kind: Literal["rmse", "mae"] = "rmse",
        per_atom: bool = False,
        scale: float = 1000.0,
    ):
        super().__init__()
        self.of, self.kind, self.per_atom, self.scale = of, kind, per_atom, scale
        self.add_state("total", default=torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", default=torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    @property
    def unit(self) -> str:
        """Of the result; empty for a scale that is none of eV and meV."""
        energy = {1.0: "eV", 1000.0: "meV"}.get(self.scale)
        if energy is None:
            return ""
        return energy + {"energy": "/atom" if self.per_atom else "", "forces": "/Å", "stress": "/Å³"}[self.of]

    def update(self, found: Any, labels: Any) -> None:
        """Add a batch."""
        batch, ours = labels.batch, getattr(found, self.of)
        if ours is None:
            return
        difference = ours - getattr(batch, self.of)
        if self.per_atom:
            difference = difference / torch.bincount(batch.batch, minlength=batch.num_graphs)
        difference = difference[torch.isfinite(difference)]
        self.total += difference.square().sum() if self.kind == "rmse" else difference.abs().sum()
        self.count += difference.numel()

    def compute(self) -> Tensor:
        """The error; NaN where nothing could be compared."""
        mean = self.total / self.count
        return self.scale * (mean.sqrt() if self.kind == "rmse" else mean)
