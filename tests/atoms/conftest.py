"""A potential that needs no training: Morse bonds between all atoms, smooth at the cutoff."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mlsci import checkpoint
from mlsci.build import instantiate
from mlsci.data.spec import DataSpec


@dataclass
class Properties:
    """What a potential answers."""

    energy: Tensor
    forces: Tensor
    stress: Tensor | None = None
    force_std: Tensor | None = None


class Morse:
    """Σ depth · ((1 − exp(−a (r − r0)))² − 1) · (1 − (r/cutoff)²)³ over the pairs: eV, Å."""

    def __init__(self, *, depth: float = 4.0, steepness: float = 2.0, length: float = 1.1, cutoff: float = 5.0):
        self.depth, self.steepness, self.length = depth, steepness, length
        self.cutoff = cutoff
        self.elements = [1, 6, 14]
        self.calls = 0
        self.doubt: float | None = None

    def properties(self, batch, *, stress: bool = False) -> Properties:
        """Energy, forces, stress; `doubt` as the force_std of every atom."""
        self.calls += 1
        graphs = batch.num_graphs
        with torch.enable_grad():
            pos = batch.pos.detach().requires_grad_(True)
            strain = torch.zeros(graphs, 3, 3, dtype=pos.dtype, requires_grad=True)
            stretch = torch.eye(3, dtype=pos.dtype) + (strain + strain.transpose(1, 2)) / 2
            first, second = batch.pair_index
            vectors = pos[second] + batch.shift - pos[first]
            vectors = torch.einsum("pi,pij->pj", vectors, stretch[batch.batch[first]])
            r = (vectors**2).sum(1).sqrt()
            well = (1 - torch.exp(-self.steepness * (r - self.length))) ** 2 - 1
            pair = self.depth * well * (1 - (r / self.cutoff) ** 2) ** 3
            energy = pos.new_zeros(graphs).index_add(0, batch.batch[first], pair)
            gradient, by_strain = torch.autograd.grad(energy.sum(), [pos, strain], allow_unused=True)
        zero = torch.zeros_like
        forces = zero(pos) if gradient is None else -gradient
        volume = torch.linalg.det(batch.cell).abs()[:, None, None]
        found = by_strain / volume if stress else None
        doubt = None if self.doubt is None else torch.full((len(pos),), self.doubt, dtype=pos.dtype)
        return Properties(energy.detach(), forces.detach(), found, doubt)


@pytest.fixture
def morse() -> Morse:
    """Bonds of 1.1 Å, 4 eV deep."""
    return Morse()


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """best.ckpt of an equivariant potential for H, C, O with random weights: smooth forces of a few eV/Å at most."""
    torch.manual_seed(0)
    sizes = {"species": 3, "cutoff": 4.0, "neighbours": 8.0, "channels": 4, "radial": [8], "basis": 4, "layers": 1}
    config: dict[str, Any] = {
        "_target_": "mlsci.models.potential.Potential",
        "net": {"_target_": "mlsci.nets.equivariant.net.Equivariant", **sizes},
        "elements": [1, 6, 8],
        "energies": [-13.6, -1000.0, -2000.0],
        "shift": -1.0,
        "scale": 0.3,
        "cutoff": 4.0,
        "criterion": {"_target_": "mlsci.models.potential_loss.PotentialLoss", "energy": 1.0, "forces": 1.0},
        "compile": False,
    }
    description = checkpoint.Description(
        config={"model": config},
        spec=DataSpec(inputs=(3,), targets=(1,)),
        versions={},
        git=None,
        seed=0,
        run_id="untrained",
        choices={},
    )
    model = instantiate(config, path="model")
    path = tmp_path_factory.mktemp("potential") / "best.ckpt"
    checkpoint.write({"state_dict": model.state_dict(), "mlsci": checkpoint.block(description)}, path)
    return path
