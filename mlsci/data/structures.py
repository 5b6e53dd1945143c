"""Labelled structures in memory: all frames end to end, neighbours found once, batches by one gather."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from mlsci.errors import ConfigError
from mlsci.science.atoms.graph import PER_ATOM, PER_GRAPH, Batch, Data, Division, assemble, divide, fields
from mlsci.science.atoms.neighbours import Pairs, pairs
from mlsci.science.atoms.structure import Structure


class Structures(Dataset):
    """Frames with their pairs within `cutoff` [Å]; `batch(indices)` gives a PyG batch as `science.atoms.graph` has it.

    Pairs and images are kept as int32 (20 bytes a pair), everything else as the batch has it.

    Raises:
        ConfigError: there is no frame.
    """

    def __init__(self, structures: Sequence[Structure], *, cutoff: float, neighbours: Sequence[Pairs] | None = None):
        if not structures:
            raise ConfigError("structures: expected at least one frame, got none")
        self.structures = list(structures)
        self.cutoff = cutoff
        lists = [pairs(one, cutoff) for one in structures] if neighbours is None else neighbours
        parts = [fields(one, found) for one, found in zip(structures, lists, strict=True)]
        self.atoms = torch.tensor([len(one) for one in structures])
        self.pairs = torch.tensor([len(found.first) for found in lists])
        self.atom_starts, self.pair_starts = (counts.cumsum(0) - counts for counts in (self.atoms, self.pairs))
        self.periodic = any(any(one.periodic) for one in structures)
        self.tensors = {name: torch.cat([part[name] for part in parts]) for name in (*PER_ATOM, *PER_GRAPH)}
        self.tensors["pair_index"] = torch.cat([part["pair_index"] for part in parts], dim=1).int()
        self.tensors["images"] = torch.cat([part["images"] for part in parts]).int()

    def __len__(self) -> int:
        return len(self.structures)

    def __getitem__(self, index: int) -> Data:
        return self.batch(torch.tensor([index])).get_example(0)

    @property
    def neighbours(self) -> float:
        """Mean number of neighbours of an atom."""
        return 2 * int(self.pairs.sum()) / int(self.atoms.sum())

    def to(self, device: torch.device | str) -> Structures:
        """The same frames with their tensors on `device`; offsets stay on the CPU, so that no gather waits for it."""
        if self.tensors["pos"].device == torch.device(device):
            return self
        moved = object.__new__(Structures)
        moved.__dict__.update(self.__dict__)
        moved.tensors = {name: tensor.to(device) for name, tensor in self.tensors.items()}
        return moved

    def batch(self, indices: Tensor) -> Batch:
        """The frames `indices` (G,), in this order, as one graph."""
        indices = torch.as_tensor(indices).cpu()
        tensors, device = self.tensors, self.tensors["pos"].device
        atoms, pairs = (divide(counts.index_select(0, indices), device) for counts in (self.atoms, self.pairs))
        of_atoms = _rows(self.atom_starts.index_select(0, indices), atoms)
        of_pairs = _rows(self.pair_starts.index_select(0, indices), pairs)
        frames = indices.to(device)
        joined = {name: tensors[name].index_select(0, of_atoms) for name in PER_ATOM}
        joined |= {name: tensors[name].index_select(0, frames) for name in PER_GRAPH}
        joined["pair_index"] = tensors["pair_index"].index_select(1, of_pairs).long()
        joined["images"] = tensors["images"].index_select(0, of_pairs).long()
        joined["shift"] = joined["images"].double()
        if self.periodic:
            cell = joined["cell"].index_select(0, pairs.owner)
            joined["shift"] = torch.linalg.vecdot(joined["shift"][:, None], cell.mT)  # (P, 3)
        return assemble(joined, atoms=atoms, pairs=pairs)


def _rows(starts: Tensor, division: Division) -> Tensor:
    """The rows of graphs that begin at `starts` (G,) in the whole data set."""
    distance = (starts - division.starts[:-1]).to(division.owner.device)
    return distance.index_select(0, division.owner) + torch.arange(len(division.owner), device=division.owner.device)
