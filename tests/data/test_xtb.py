"""`data=xtb`: its cache, its spec, growing training sets; and a real trajectory where tblite is installed."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mlsci.data.made_up import labelled
from mlsci.data.xtb import XTB
from mlsci.errors import ConfigError, DownloadError, MlsciError
from mlsci.science.atoms.named import named

pytest.importorskip("ase")
pytest.importorskip("vesin")


def made(folder: Path, **options: object) -> XTB:
    """The data on made-up files, set up."""
    data = XTB(files=str(folder), **options)
    data.fake(folder)
    data.prepare_data()
    data.setup()
    return data


def test_made_up_trajectories_go_through_the_same_code(tmp_path):
    data = made(tmp_path, frames=40, test_frames=20, val_size=8)
    assert {part: len(data.split(part)) for part in ("train", "val", "test")} == {"train": 32, "val": 8, "test": 20}
    assert data.spec.statistics["elements"] == [1, 6, 8]
    batch = data.split("train").batch(torch.tensor([3, 0]))
    assert batch.num_graphs == 2
    assert torch.isfinite(batch.forces).all()


@pytest.mark.parametrize("molecule", ["acetylacetone", "uracil", "CH4"])
def test_other_molecules_are_one_word(tmp_path, molecule):
    data = made(tmp_path, molecule=molecule, frames=20, test_frames=10)
    assert data.split("train").structures[0].numbers.tolist() == named(molecule).numbers.tolist()
    assert sorted(path.name.split("_300K")[0] for path in (tmp_path / "xtb").iterdir()) == [molecule, molecule]


CHANGES = [
    {"molecule": "water"},
    {"charge": 1},
    {"method": "GFN1-xTB"},
    {"temperature": 301.0},
    {"frames": 501},
    {"interval": 21.0},
    {"timestep": 0.5},
    {"friction": 1.0},
    {"equilibration": 0.0},
    {"sampling_seed": 1},
]


def test_the_name_of_a_file_changes_with_all_that_it_depends_on():
    names = [XTB(files="x", **change).file("train").name for change in ({}, *CHANGES)]
    assert len(set(names)) == len(names)
    assert XTB(files="x", batch_size=3, cutoff=4.0, split_seed=2).file("train").name == names[0]
    assert XTB(files="x", test_temperature=600.0).file("test").name.startswith("ethanol_600K_")
    seeds = {XTB(files="x", sampling_seed=k, test_frames=500).file(part) for k in (0, 1) for part in ("train", "test")}
    assert len(seeds) == 4


def test_a_structure_may_come_from_a_file(tmp_path):
    path = tmp_path / "mine.xyz"
    named("methanol").to_ase().write(path)
    data = made(tmp_path, path=str(path), frames=12, test_frames=10)
    assert data.file("train").name.startswith("mine_300K_")
    with pytest.raises(ConfigError, match=r"data\.path: no such file: nothing\.xyz"):
        XTB(path="nothing.xyz", files="x").file("train")


def test_files_that_are_given_are_not_computed(tmp_path):
    with pytest.raises(DownloadError, match=r"data\.files: .*no such file; data\.files=null computes it"):
        XTB(files=str(tmp_path)).prepare_data()


def test_a_training_set_grows_in_epochs_of_fixed_length(tmp_path):
    data = made(tmp_path, frames=24, test_frames=10, val_size=4, samples=50)
    train, loader = data.split("train"), data.train_dataloader()
    assert (len(train), len(train.structures), loader.batches) == (50, 20, 10)
    before = data.spec.statistics
    start = named("ethanol")
    new = labelled(dataclasses.replace(start, positions=start.positions * 1.02))
    list(loader)
    data.grow([new])
    assert (len(train), len(train.structures), loader.batches) == (50, 21, 10)
    assert data.spec.statistics == before
    seen = torch.cat([batch.energy for block in loader for batch in block])
    assert len(seen) == 50
    counts = [int((seen == one.energy).sum()) for one in train.structures]
    assert min(counts) == 2
    assert max(counts) == 3
    assert train[20].energy == pytest.approx(new.energy)


def test_a_set_of_fixed_frames_does_not_grow(tmp_path):
    data = made(tmp_path, frames=20, test_frames=10)
    with pytest.raises(ConfigError, match=r"data\.samples: a training set can only grow in epochs of fixed length"):
        data.grow([])
    with pytest.raises(ConfigError, match=r"data\.samples: expected at least 1, got 0"):
        made(tmp_path, frames=20, test_frames=10, samples=0)


def test_without_tblite_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tblite.interface", None)
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    with pytest.raises(MlsciError, match=r"need tblite: `pip install"):
        XTB().prepare_data()
    assert list(tmp_path.rglob("*.xyz*")) == []


def test_a_real_trajectory_is_computed_once(tmp_path, monkeypatch):
    pytest.importorskip("tblite.interface")
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    short = {"molecule": "water", "interval": 2.0, "equilibration": 20.0, "test_frames": 10, "frames": 40}
    data = XTB(**short)
    data.prepare_data()
    data.setup()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert sorted(path.suffix for path in times) == ["", ".xyz", ".xyz"]
    train = data.split("train").structures
    assert data.spec.statistics["energies"] == pytest.approx([-10.7072, -102.5712], abs=1e-3)
    again = data.label(train[:2])
    for one, other in zip(train, again, strict=False):
        assert one.energy == pytest.approx(other.energy, abs=1e-5)
        np.testing.assert_allclose(one.forces, other.forces, atol=3e-4)
    XTB(**short).prepare_data()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times
