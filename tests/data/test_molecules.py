"""Sets of labelled structures: one's own files and the named ones; their split, statistics, and what is refused."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from mlsci.data.ase_files import Labels
from mlsci.data.botnet import AcAc, Ethanol, ThreeBPA
from mlsci.data.made_up import ENERGIES, crystal, ethanol, single_atoms, write
from mlsci.data.mlearn import MLearn
from mlsci.data.molecules import Molecules
from mlsci.data.rmd17 import RMD17
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, DownloadError, MlsciError
from mlsci.science.atoms.units import GPA

NAMED = {
    "acac": (AcAc, {"val_size": 5}),
    "ethanol": (Ethanol, {}),
    "threebpa": (ThreeBPA, {}),
    "rmd17": (RMD17, {"isolated": "fit"}),
    "mlearn": (MLearn, {"isolated": "fit"}),
}


def set_up(data):
    """The data after reading its files."""
    data.prepare_data()
    data.setup()
    return data


def own(folder, frames, **options) -> Molecules:
    """`frames` in a file, read."""
    write(folder / "a.xyz", frames)
    return set_up(Molecules(path="a.xyz", files=str(folder), **options))


@pytest.mark.parametrize("name", NAMED)
def test_made_up_files_of_named_sets_go_through_the_same_code(name, tmp_path):
    kind, options = NAMED[name]
    data = kind(files=str(tmp_path), **options)
    assert data.spec is None
    data.fake(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        set_up(data)
    batch = next(iter(data.val_dataloader()))
    assert torch.isfinite(batch.energy).all()
    assert torch.isfinite(batch.forces).all()
    assert torch.isfinite(batch.stress).all() == (name == "mlearn")
    assert len(data.split("train")) >= 30
    assert len(data.split("test")) >= 4
    assert data.spec.inputs == (3,)
    assert DataSpec.from_mapping(data.spec.mapping()).statistics == data.spec.statistics


def test_the_two_layouts_of_mlearn_give_the_same(tmp_path):
    """The made-up test file is the origin's JSON, the training file is the converted one."""
    MLearn().fake(tmp_path)
    expected = crystal(14, 80)
    parts = MLearn(files=str(tmp_path)).structures()
    for found, one in zip([*parts["train"], *parts["test"]], expected, strict=True):
        np.testing.assert_allclose(found.stress, one.stress, atol=1e-7)
        np.testing.assert_allclose(found.positions, one.positions, atol=1e-7)
        assert found.energy == pytest.approx(one.energy, abs=1e-6)


def test_the_virial_of_mlearn_is_ten_times_a_pressure(tmp_path):
    from mlsci.data.mlearn import _stress

    found = _stress([10, 20, 30, 40, 50, 60])
    assert found[0, 0] == pytest.approx(-1 * GPA)
    assert found[0, 1] == found[1, 0] == pytest.approx(-4 * GPA)
    assert found[1, 2] == pytest.approx(-5 * GPA)
    assert found[0, 2] == pytest.approx(-6 * GPA)


def test_labels_of_rmd17_are_converted(tmp_path):
    data = RMD17(files=str(tmp_path), isolated="fit")
    data.fake(tmp_path)
    expected = ethanol(60)
    found = data.structures()
    assert [len(found[part]) for part in ("train", "test")] == [40, 20]
    np.testing.assert_allclose(found["test"][0].forces, expected[40].forces, rtol=1e-12)
    assert found["train"][3].energy == pytest.approx(expected[3].energy, rel=1e-12)
    assert data.prepare_data() is None
    with pytest.raises(ConfigError, match=r"data\.fold: expected 1 to 5, got 6"):
        RMD17(fold=6)


def test_an_incomplete_archive_of_rmd17_is_refused(tmp_path, monkeypatch):
    data = RMD17(files=str(tmp_path))
    data.fake(tmp_path)
    np.savez(tmp_path / data.names["frames"], coords=np.zeros((1, 1, 3)))
    with pytest.raises(MlsciError, match="no nuclear_charges, energies, forces"):
        data.structures()
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "rmd17.tar.bz2").write_bytes(b"BZh9 broken")
    with pytest.raises(DownloadError, match="not unpacked"):
        RMD17().prepare_data()


@pytest.mark.parametrize(
    ("kind", "options", "sizes", "atoms"),
    [
        (AcAc, {"val_size": 50}, [450, 50, 650], 15),
        (Ethanol, {"train_size": 50, "val_size": 50, "test_size": 900}, [50, 50, 900], 9),
        (ThreeBPA, {"val_size": 50, "test_size": 100}, [350, 50, 100], 27),
        (MLearn, {"isolated": "fit"}, [193, 21, 25], None),
    ],
)
def test_real_files(shared_data, kind, options, sizes, atoms):
    data = set_up(kind(**options))
    assert [len(data.split(part)) for part in ("train", "val", "test")] == sizes
    if atoms is not None:
        assert set(data.split("train").atoms.tolist()) == {atoms}
    found = data.spec.statistics
    assert found["species"] == len(found["elements"]) == len(found["energies"])
    assert 0.1 < found["scale"] < 2


def test_statistics_are_those_of_the_training_part(tmp_path):
    data = own(tmp_path, ethanol(40, isolated=True), train_size=20)
    found = data.spec.statistics
    train = data.split("train")
    assert found["elements"] == [1, 6, 8]
    assert found["energies"] == pytest.approx([ENERGIES[z] for z in (1, 6, 8)])
    batch = train.batch(torch.arange(20))
    energies = torch.zeros(9, dtype=torch.float64)
    energies[[1, 6, 8]] = torch.tensor(found["energies"], dtype=torch.float64)
    bound = batch.energy - energies[batch.z].view(20, 9).sum(1)
    assert found["shift"] == pytest.approx(float(bound.mean()) / 9)
    assert found["scale"] == pytest.approx(float(batch.forces.square().mean().sqrt()))
    assert found["neighbours"] == pytest.approx(2 * batch.pair_index.shape[1] / 180)
    assert found["cutoff"] == 5.0


def test_the_cutoff_decides_on_neighbours(tmp_path):
    data = own(tmp_path, ethanol(20, isolated=True), cutoff=1.2)
    batch = data.split("train").batch(torch.arange(3))
    first, second = batch.pair_index
    assert (batch.pos[second] - batch.pos[first]).norm(dim=1).max() < 1.2
    with pytest.raises(ConfigError, match=r"data\.cutoff: expected a length above 0 Å, got 0"):
        Molecules(path="a.xyz", cutoff=0)


def test_energies_of_atoms_come_from_where_the_user_says(tmp_path):
    frames = ethanol(40)
    known = {"H": -13.57, "C": -1026.9, "O": -2037.8}
    write(tmp_path / "atoms.xyz", single_atoms([8, 6, 1]))
    for isolated in ("atoms.xyz", known):
        found = own(tmp_path, frames, isolated=isolated).spec.statistics
        assert found["energies"] == pytest.approx([-13.57, -1026.9, -2037.8])
    fitted = own(tmp_path, frames, isolated="fit").spec.statistics
    assert fitted["shift"] == pytest.approx(0, abs=1e-9)


def test_a_fit_that_nobody_asked_for_is_told(tmp_path):
    with pytest.warns(RuntimeWarning, match=r"data\.isolated: no isolated atoms were found.*data\.isolated=fit"):
        own(tmp_path, ethanol(40))


@pytest.mark.parametrize(
    ("isolated", "words"),
    [
        ({"H": -13.57, "C": -1026.9}, r"no isolated atom of O; known: H, C\. data\.isolated=fit"),
        ({"Hh": -13.57}, r"data\.isolated: no element 'Hh'; did you mean"),
        ("atms.xyz", r"data\.isolated: no such file: .*atms\.xyz; did you mean 'atoms\.xyz'"),
    ],
)
def test_energies_of_atoms_that_are_not_known_are_named(tmp_path, isolated, words):
    write(tmp_path / "atoms.xyz", single_atoms([8]))
    with pytest.raises(ConfigError, match=words):
        own(tmp_path, ethanol(40), isolated=isolated)


def test_repeated_training_frames_are_left_out_with_a_warning(tmp_path):
    frames = ethanol(40, isolated=True)
    with pytest.warns(RuntimeWarning, match=r"1 of 41 frames .* repeat another one.*frame 40 is frame 7"):
        data = own(
            tmp_path, [*frames, replace(frames[10], positions=frames[10].positions + 1)], val_size=0, test_size=0
        )
    assert len(data.split("train")) == 40


def test_frames_in_two_parts_are_refused(tmp_path):
    frames = ethanol(40, isolated=True)
    write(tmp_path / "test.xyz", [*ethanol(5, seed=1), replace(frames[20], positions=frames[20].positions + 1)])
    with pytest.raises(MlsciError, match=r"1 frames stand in the train part and in the test part.*frame 5 of test"):
        own(tmp_path, frames, test_path="test.xyz", val_size=0)


def test_elements_that_training_does_not_know_are_refused(tmp_path):
    write(tmp_path / "test.xyz", crystal(14, 3))
    with pytest.raises(MlsciError, match="the test part has Si, the training part has not"):
        own(tmp_path, ethanol(40, isolated=True), test_path="test.xyz")


def test_files_of_their_own_for_every_part(tmp_path):
    for seed, name in enumerate(("val.xyz", "test.xyz"), start=1):
        write(tmp_path / name, ethanol(6 + seed, seed=seed))
    data = own(tmp_path, ethanol(40, isolated=True), val_path="val.xyz", test_path="test.xyz")
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [40, 7, 8]


def wrong(frames, **factors):
    """The frames with labels times factors."""
    return [replace(one, **{name: getattr(one, name) * factor for name, factor in factors.items()}) for one in frames]


def test_wrong_labels_are_refused_unless_they_are_meant(tmp_path):
    frames = wrong(ethanol(40), forces=23.06)
    with pytest.raises(MlsciError, match=r"train part: forces are not .* perhaps in kcal/mol/Å.*check_labels"):
        own(tmp_path, frames, isolated="fit")
    assert own(tmp_path, frames, isolated="fit", check_labels=False).spec is not None


def test_a_stress_of_the_wrong_sign_is_refused_under_both_names(tmp_path):
    labels = Labels(stress="S", virial="W")
    write(tmp_path / "s.xyz", wrong(crystal(14, 40), stress=-1), labels=labels)
    for key in ({"stress_key": "S"}, {"virial_key": "W"}):
        with pytest.raises(MlsciError, match="the stress has the wrong sign"):
            set_up(Molecules(path=str(tmp_path / "s.xyz"), isolated="fit", **key))
    write(tmp_path / "s.xyz", crystal(14, 40), labels=labels)
    for key in ({"stress_key": "S"}, {"virial_key": "W"}):
        assert set_up(Molecules(path=str(tmp_path / "s.xyz"), isolated="fit", **key)).has("test")
    with pytest.raises(ConfigError, match=r"data\.virial_key: .* give one of them"):
        Molecules(path="s.xyz", stress_key="stress", virial_key="virial")


def test_energies_of_atoms_in_hartree_are_refused(tmp_path):
    with pytest.raises(MlsciError, match="energies do not fit those of the isolated atoms"):
        own(tmp_path, ethanol(40), isolated={"H": -0.4986, "C": -37.74, "O": -74.89})


def test_a_set_of_ones_own_needs_only_its_structures():
    from mlsci.data.frames import Frames

    class Mine(Frames):
        def structures(self):
            return {"train": ethanol(30), "isolated": single_atoms([1, 6, 8])}

    data = set_up(Mine())
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [24, 3, 3]
    with pytest.raises(NotImplementedError, match="Frames has no structures"):
        Frames().setup()


def test_a_run_with_a_wrong_key_leaves_nothing_behind(tmp_path):
    import mlsci

    write(tmp_path / "a.xyz", ethanol(20, isolated=True))
    overrides = ["data=molecules", "model=potential", "data.path=a.xyz", f"data.files={tmp_path}", "logger=none"]
    with pytest.raises(ConfigError, match=r"data\.energy_key: no frame of .* has 'Energy'; did you mean 'energy'"):
        mlsci.train([*overrides, "data.energy_key=Energy", f"run.dir={tmp_path / 'run'}"])
    assert not (tmp_path / "run").exists()
