"""Structures as PyG graphs: the one form in which atoms reach a model.

| field        | shape     | |
|--------------|-----------|-|
| z            | (N,)      | atomic numbers, int64 |
| pos          | (N, 3)    | Å |
| pair_index   | (2, P)    | the atoms (first, second) of each pair, int64 |
| shift        | (P, 3)    | Å; pos[second] + shift − pos[first] is the vector of the pair |
| images       | (P, 3)    | the same in lattice vectors, int64 |
| cell         | (G, 3, 3) | Å; zeros where nothing is periodic |
| energy       | (G,)      | eV |
| forces       | (N, 3)    | eV/Å |
| stress       | (G, 3, 3) | eV/Å³ |
| batch, ptr   | (N,), (G + 1,) | as in PyG |

Floating-point fields are float64; labels that are not known are NaN.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mlsci.science.atoms.neighbours import Pairs, pairs
from mlsci.science.atoms.structure import Structure

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # torch_geometric 2.8 still uses torch.jit.script
    from torch_geometric.data import Batch, Data

PER_ATOM = ("z", "pos", "forces")
PER_PAIR = ("shift", "images")
PER_GRAPH = ("cell", "energy", "stress")
_KIND = type(Batch(_base_cls=Data))  # PyG makes this class again for every batch, which takes longer than the rest


def graph(structure: Structure, cutoff: float, neighbours: Pairs | None = None) -> Data:
    """One structure with all its pairs within `cutoff` [Å], which are found here unless they are given."""
    return Data(**fields(structure, pairs(structure, cutoff) if neighbours is None else neighbours))


def batch(structures: Sequence[Structure], cutoff: float, neighbours: Sequence[Pairs] | None = None) -> Batch:
    """Several structures as one graph; equal to `Batch.from_data_list`, but faster."""
    lists = [pairs(structure, cutoff) for structure in structures] if neighbours is None else neighbours
    parts = [fields(structure, found) for structure, found in zip(structures, lists, strict=True)]
    joined = {
        name: torch.cat([part[name] for part in parts], dim=-1 if name == "pair_index" else 0) for name in parts[0]
    }
    atoms = torch.tensor([len(structure) for structure in structures])
    return assemble(joined, atoms=divide(atoms), pairs=divide(torch.tensor([len(found.first) for found in lists])))


def fields(structure: Structure, neighbours: Pairs) -> dict[str, Tensor]:
    """The fields of the graph of one structure (G = 1)."""
    count = len(structure)
    cell = structure.cell if any(structure.periodic) else np.zeros((3, 3))
    nothing = np.full((count, 3), np.nan)
    values = {
        "z": structure.numbers,
        "pos": structure.positions,
        "pair_index": np.stack([neighbours.first, neighbours.second]),
        "shift": neighbours.shift @ cell,
        "images": neighbours.shift,
        "cell": cell[None],
        "energy": np.array([np.nan if structure.energy is None else structure.energy]),
        "forces": nothing if structure.forces is None else structure.forces,
        "stress": (np.full((3, 3), np.nan) if structure.stress is None else structure.stress)[None],
    }
    return {name: torch.as_tensor(value) for name, value in values.items()}


class Division(NamedTuple):
    """How rows that stand end to end belong to graphs."""

    starts: Tensor  # (G + 1,) int64, on the CPU: where each graph begins, and where the last one ends
    owner: Tensor  # (rows,) int64: the graph of each row


def divide(counts: Tensor, device: torch.device | str = "cpu") -> Division:
    """The division of rows of which every graph has `counts` (G,)."""
    starts = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
    numbers = torch.arange(len(counts), device=device)
    return Division(starts, numbers.repeat_interleave(counts.to(device), output_size=int(starts[-1])))


def whole(fields: Mapping[str, Tensor]) -> Batch:
    """A batch of ready fields, `batch` and `ptr` among them, which is read as a whole: it gives out no single graph."""
    found = type.__call__(_KIND)
    found._store._mapping.update(fields)
    found._num_graphs = len(fields["ptr"]) - 1
    return found


def assemble(joined: Mapping[str, Tensor], *, atoms: Division, pairs: Division) -> Batch:
    """A batch from fields that were joined already; `pair_index` still counts from the first atom of each graph."""
    ptr = atoms.starts.to(joined["pos"].device)
    found = type.__call__(_KIND)
    found._store._mapping.update(joined)
    found._store._mapping |= {
        "pair_index": joined["pair_index"] + ptr.index_select(0, pairs.owner),
        "batch": atoms.owner,
        "ptr": ptr,
    }
    graphs = len(ptr) - 1
    found._num_graphs = graphs
    found._slice_dict = dict.fromkeys(PER_ATOM, atoms.starts) | dict.fromkeys((*PER_PAIR, "pair_index"), pairs.starts)
    found._slice_dict |= dict.fromkeys(PER_GRAPH, torch.arange(graphs + 1))
    found._inc_dict = {**dict.fromkeys(joined, torch.zeros(graphs)), "pair_index": atoms.starts[:-1]}
    return found
