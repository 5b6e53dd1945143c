"""Pairs of atoms that move a little: lists made with a margin, and made again only for replicas that moved too far.

L. Verlet, Phys. Rev. 159 (1967) 98-103.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.atoms.graph import Batch, whole
from mlsci.science.atoms.neighbours import Pairs, pairs
from mlsci.science.atoms.structure import Structure


class SkinPairs:
    """The pairs within `cutoff` of one or several structures, for positions that change from call to call.

    A list of pairs within cutoff + skin holds all pairs within the cutoff until some atom has moved by skin / 2.
    Replicas are watched one by one. What is given out is filtered to the cutoff: the same set of pairs as of a list
    made anew.

    Args:
        structures: one a replica; cells and numbers stay, positions change.
        cutoff: Å.
        skin: the margin, Å; 0 makes every list anew.
        device: of the positions that will be asked for.
    """

    def __init__(self, structures: Sequence[Structure], *, cutoff: float, skin: float = 1.0, device: str = "cpu"):
        if not 0 <= skin < np.inf:
            raise ConfigError(f"skin: expected a length of at least 0 Å, got {skin:g}")
        self.structures, self.cutoff, self.skin = list(structures), cutoff, skin
        self.rebuilds = 0
        counts = torch.tensor([len(structure) for structure in structures])
        self._starts = torch.nn.functional.pad(counts.cumsum(0), (1, 0)).tolist()  # (G + 1,)
        cells = [s.cell if any(s.periodic) else np.zeros((3, 3)) for s in structures]
        self._fixed = {
            "z": torch.as_tensor(np.concatenate([structure.numbers for structure in structures])).to(device),
            "cell": torch.as_tensor(np.stack(cells)).to(device),
            "batch": torch.arange(len(counts)).repeat_interleave(counts).to(device),
            "ptr": torch.tensor(self._starts, device=device),
        }
        self._lists: list[Pairs | None] = [None] * len(self.structures)
        self._reference = torch.full((self._starts[-1], 3), torch.nan, dtype=torch.float64, device=device)

    @property
    def replica(self) -> Tensor:
        """Of each atom, (A,) int64."""
        return self._fixed["batch"]

    def __call__(self, positions: Tensor) -> tuple[Batch, float]:
        """The graph of positions (A, 3) in Å, in the form of `science.atoms.graph` without labels, and the distance of
        the two nearest atoms in Å (infinity where no two are within the cutoff).
        """
        self._renew(positions)
        first, second = self._pair_index
        vectors = positions.index_select(0, second) + self._shift - positions.index_select(0, first)  # (P, 3)
        squares = (vectors * vectors).sum(1)
        near = (squares < self.cutoff**2).nonzero()[:, 0]
        shortest = float(squares.amin().sqrt()) if len(near) else torch.inf
        moving = {
            "pos": positions,
            "pair_index": self._pair_index.index_select(1, near),
            "shift": self._shift.index_select(0, near),
            "images": self._images.index_select(0, near),
        }
        return whole(self._fixed | moving), shortest

    def _renew(self, positions: Tensor) -> None:
        """Make the lists of replicas whose atoms have moved by half of the skin, and of all at the first call."""
        squares = ((positions - self._reference) ** 2).sum(1)
        moved = ~(squares < (self.skin / 2) ** 2)  # NaN at the first call
        if not bool(moved.any()):
            return
        for number in self._fixed["batch"][moved].unique().tolist():
            atoms = slice(self._starts[number], self._starts[number + 1])
            structure = replace(self.structures[number], positions=positions[atoms].cpu().numpy(), forces=None)
            self._lists[number] = pairs(structure, self.cutoff + self.skin)
            self._reference[atoms] = positions[atoms]
            self.rebuilds += 1
        self._join()

    def _join(self) -> None:
        """All lists as tensors."""
        lists = [found for found in self._lists if found is not None]
        device = self._reference.device
        index = [np.stack([p.first, p.second]) + start for p, start in zip(lists, self._starts, strict=False)]
        cells = self._fixed["cell"].cpu().numpy()
        shift = [found.shift @ cell for found, cell in zip(lists, cells, strict=True)]
        self._pair_index = torch.as_tensor(np.concatenate(index, axis=1)).to(device)  # (2, P)
        self._images = torch.as_tensor(np.concatenate([found.shift for found in lists])).to(device)  # (P, 3)
        self._shift = torch.as_tensor(np.concatenate(shift)).to(device)  # (P, 3), Å
