"""Files of structures: labels under any name, in any format of ASE, and messages for what is not there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import io

from mlsci.data.ase_files import Labels, read
from mlsci.data.made_up import crystal, ethanol, write
from mlsci.errors import ConfigError, MlsciError

OTHER = Labels(energy="DFT_energy", forces="DFT_forces", virial="DFT_virial")


def same(ours, theirs) -> None:
    """Equal but for the digits of a text file."""
    np.testing.assert_array_equal(ours.numbers, theirs.numbers)
    for name in ("positions", "cell", "forces"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-7)
    assert ours.periodic == theirs.periodic
    assert ours.energy == pytest.approx(theirs.energy, abs=1e-7)


@pytest.mark.parametrize("labels", [Labels(), OTHER, Labels(energy="E", forces=None)])
def test_labels_are_read_under_any_name(tmp_path, labels):
    frames = crystal(14, 3) if labels is OTHER else ethanol(3)
    write(tmp_path / "a.xyz", frames, labels=labels)
    for found, one in zip(read(tmp_path / "a.xyz", labels=labels), frames, strict=True):
        assert (found.forces is None) == (labels.forces is None)
        same(found if labels.forces else replace(found, forces=one.forces), one)
        if labels is OTHER:
            np.testing.assert_allclose(found.stress, one.stress, atol=1e-7)


@pytest.mark.parametrize("name", ["a.traj", "a.db", "a.json", "a.extxyz"])
def test_other_formats_are_read(tmp_path, name):
    frames = crystal(14, 4)
    io.write(tmp_path / name, [one.to_ase() for one in frames])
    found = read(tmp_path / name, labels=Labels(stress="stress"))
    for got, one in zip(found, frames, strict=True):
        same(got, one)
        np.testing.assert_allclose(got.stress, one.stress, atol=1e-7)


def test_a_virial_has_the_sign_of_a_pressure(tmp_path):
    one = crystal(14, 1)[0]
    write(tmp_path / "a.xyz", [one], labels=Labels(virial="virial"))
    raw = io.read(tmp_path / "a.xyz").info["virial"]
    np.testing.assert_allclose(raw, -one.volume * one.stress, atol=1e-7)
    np.testing.assert_allclose(
        read(tmp_path / "a.xyz", labels=Labels(virial="virial"))[0].stress, one.stress, atol=1e-7
    )


def test_single_atoms_need_no_forces(tmp_path):
    write(tmp_path / "a.xyz", ethanol(2, isolated=True))
    found = read(tmp_path / "a.xyz", labels=Labels())
    assert [len(one) for one in found] == [1, 1, 1, 9, 9]
    atoms = [io.read(tmp_path / "a.xyz", index=i) for i in range(5)]
    for one in atoms[:3]:
        one.calc.results.pop("forces")
    io.write(tmp_path / "b.extxyz", atoms)
    assert read(tmp_path / "b.extxyz", labels=Labels())[0].forces.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (
            Labels(energy="enrgy"),
            r"data\.energy_key: no frame of .* has 'enrgy'; did you mean 'energy'\?; known: ",
        ),
        (Labels(forces="force"), r"data\.forces_key: .*'forces'\?; known: energy, forces; .*data\.forces_key=null"),
        (
            Labels(stress="stress"),
            r"data\.stress_key: no frame .* has 'stress'; known: energy, forces; if ",
        ),
        (Labels(virial="virials"), r"data\.virial_key: no frame .* has 'virials'"),
    ],
)
def test_a_label_that_is_not_there_is_named_with_those_that_are(tmp_path, labels, words):
    write(tmp_path / "a.xyz", ethanol(2))
    with pytest.raises(ConfigError, match=words):
        read(tmp_path / "a.xyz", labels=labels)


def test_labels_of_some_frames_need_a_word(tmp_path):
    frames = ethanol(5)
    frames[3] = replace(frames[3], forces=None)
    write(tmp_path / "a.xyz", frames)
    with pytest.raises(
        ConfigError, match=r"1 of 5 frames .* have no 'forces', the first is frame 3; data\.partial=true"
    ):
        read(tmp_path / "a.xyz", labels=Labels())
    found = read(tmp_path / "a.xyz", labels=Labels(partial=True))
    assert [one.forces is None for one in found] == [False, False, False, True, False]


def test_files_that_are_not_there_or_no_structures_are_named(tmp_path):
    write(tmp_path / "train.xyz", ethanol(1))
    with pytest.raises(ConfigError, match=r"data\.path: no such file: .*trian\.xyz; did you mean 'train\.xyz'\?"):
        read(tmp_path / "trian.xyz", labels=Labels())
    (tmp_path / "b.xyz").write_text("no atoms\n")
    with pytest.raises(MlsciError, match=r"data\.val_path: ASE cannot read .*b\.xyz"):
        read(tmp_path / "b.xyz", labels=Labels(), key="data.val_path")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("energy", "low", r"frame 1: 'E' is no number: 'low'"),
        ("energy", [1.0, 2.0], r"frame 1: 'E' has shape \(2,\), expected one number"),
        ("energy", np.nan, "frame 1: 'E' is not finite"),
        ("virial", [1.0, 2.0], r"stress: expected shape .* got \(2,\)"),
    ],
)
def test_labels_that_are_no_labels_are_refused(tmp_path, key, value, words):
    labels = Labels(energy="E", virial="W")
    write(tmp_path / "a.xyz", crystal(14, 2), labels=labels)
    atoms = io.read(tmp_path / "a.xyz", index=":")
    atoms[1].info["E" if key == "energy" else "W"] = value
    io.write(Path(tmp_path / "b.extxyz"), atoms)
    with pytest.raises(MlsciError, match=words):
        read(tmp_path / "b.extxyz", labels=labels)


def test_a_virial_needs_a_cell(tmp_path):
    labels = Labels(virial="W")
    write(tmp_path / "a.xyz", [replace(ethanol(1)[0], info={"W": np.eye(3)})])
    with pytest.raises(MlsciError, match="a virial without a cell"):
        read(tmp_path / "a.xyz", labels=labels)
