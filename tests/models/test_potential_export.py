"""A potential as a pt2 file: the same answers for other molecules, crystals and ensembles."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mlsci import checkpoint, verbs
from mlsci.build import instantiate
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, MlsciError
from mlsci.models.base import Model
from mlsci.models.potential_export import ExportedPotential
from mlsci.science.atoms.graph import batch, graph
from mlsci.science.atoms.structure import Structure


def config(members: int) -> dict:
    """A small equivariant potential for H and O."""
    sizes = {
        "species": 2,
        "cutoff": 3.0,
        "neighbours": 6.0,
        "channels": 4,
        "radial": [8],
        "basis": 4,
        "l_max": 1,
        "layers": 1,
        "order": 2,
    }
    return {
        "_target_": "mlsci.models.potential.Potential",
        "net": {"_target_": "mlsci.nets.equivariant.net.Equivariant", **sizes},
        "elements": [1, 8],
        "energies": [-13.6, -2000.0],
        "shift": -1.0,
        "scale": 0.7,
        "cutoff": 3.0,
        "criterion": {"_target_": "mlsci.models.potential_loss.PotentialLoss", "energy": 1.0, "forces": 1.0},
        "compile": False,
        "members": members,
    }


def saved(folder: Path, *, members: int = 1) -> tuple[Path, Model]:
    """best.ckpt of random weights, and its model."""
    torch.manual_seed(0)
    model = instantiate(config(members), path="model").eval()
    about = checkpoint.Description(
        config={"model": config(members)},
        spec=DataSpec(inputs=(3,), targets=(1,)),
        versions={},
        git=None,
        seed=0,
        run_id="x",
        choices={},
    )
    path = folder / "best.ckpt"
    checkpoint.write({"state_dict": model.state_dict(), "mlsci": checkpoint.block(about)}, path)
    return path, model


def crystal() -> Structure:
    """Ten atoms in a skew periodic cell."""
    cell = np.array([[4.5, 0, 0], [1.0, 5.0, 0], [0.5, -0.7, 4.2]])
    places = np.random.default_rng(3).uniform(size=(10, 3)) @ cell
    return Structure(np.array([1, 8] * 5), places, cell, (True, True, True))


@pytest.mark.parametrize("members", [1, 2], ids=["single", "ensemble"])
def test_the_file_answers_what_the_model_says(members, tmp_path):
    path, model = saved(tmp_path, members=members)
    verbs.export(path, to="pt2", out=tmp_path / "m.pt2")
    structure = crystal()
    found = graph(structure, 3.0)
    with torch.no_grad():
        inputs = (found.z, found.pos, found.pair_index, found.shift)
        energy, forces, virial, std = torch.export.load(tmp_path / "m.pt2").module()(*inputs)
    right = model.properties(batch([structure], 3.0), stress=True)
    torch.testing.assert_close(energy, right.energy[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(forces, right.forces, rtol=0, atol=1e-4)
    torch.testing.assert_close(virial / structure.volume, right.stress[0], rtol=0, atol=1e-5)
    if right.force_std is None:
        assert float(std.abs().max()) == 0
    else:
        torch.testing.assert_close(std, right.force_std, rtol=0, atol=1e-4)
        assert float(std.min()) > 0


def test_an_unknown_element_has_no_energy(tmp_path):
    module = ExportedPotential(saved(tmp_path)[1])
    found = graph(crystal(), 3.0)
    numbers, positions, pair_index, shift = found.z, found.pos, found.pair_index, found.shift
    assert bool(module(numbers, positions, pair_index, shift)[0].isfinite())
    with torch.no_grad():
        energy = module(torch.full_like(numbers, 6), positions, pair_index, shift)[0]
    assert bool(energy.isnan())


def test_a_file_that_answers_otherwise_is_refused(tmp_path, monkeypatch):
    path, _ = saved(tmp_path)
    real = torch.export.load

    class Off(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, *inputs):
            energy, forces, *rest = self.inner(*inputs)
            return energy, forces + 1e-2, *rest

    class Loaded:
        def __init__(self, place):
            self.place = place

        def module(self):
            return Off(real(self.place).module())

    monkeypatch.setattr(torch.export, "load", Loaded)
    with pytest.raises(MlsciError, match=r"answers otherwise: largest difference 0.01 in forces"):
        verbs.export(path, to="pt2", out=tmp_path / "m.pt2")


def test_onnx_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="--to onnx: a Potential is written as pt2 only"):
        verbs.export(saved(tmp_path)[0], to="onnx", out=tmp_path / "m.onnx")
