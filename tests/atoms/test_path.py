"""The energy along a path, beside what the file says."""

import ase
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from mlsci.atoms import profile
from mlsci.atoms.options import ProfileOptions
from mlsci.errors import ConfigError, MlsciError

LENGTHS = np.linspace(0.9, 1.6, 8)


@pytest.fixture
def path(tmp_path, morse):
    """A bond that is stretched, with energies that are 10 % too large."""
    frames = []
    for length in LENGTHS:
        pair = ase.Atoms("HC", [[0, 0, 0], [0, 0, length]], info={"bond": length, "name": "x"})
        energy = 4 * ((1 - np.exp(-2 * (length - 1.1))) ** 2 - 1) * (1 - (length / 5) ** 2) ** 3
        pair.calc = SinglePointCalculator(pair, energy=1.1 * energy + 3)
        frames.append(pair)
    write(tmp_path / "path.extxyz", frames)
    return tmp_path / "path.extxyz"


@pytest.mark.parametrize("coordinate", ["bond", "0,1"])
def test_energies_are_those_of_the_potential_and_of_the_file(path, morse, coordinate, tmp_path):
    found = profile(morse, path, ProfileOptions(coordinate=coordinate, out=str(tmp_path / "out.csv")))
    np.testing.assert_allclose(found.coordinate, LENGTHS, atol=1e-8)
    right = 4 * ((1 - np.exp(-2 * (LENGTHS - 1.1))) ** 2 - 1) * (1 - (LENGTHS / 5) ** 2) ** 3
    np.testing.assert_allclose(found.energy, right, atol=1e-7)
    assert found.barrier == pytest.approx(1000 * np.ptp(right))
    assert found.rmse == pytest.approx(100 * np.sqrt(np.mean((right - right.min()) ** 2)), rel=1e-5)
    table = np.loadtxt(tmp_path / "out.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(table, np.column_stack([LENGTHS, right, 1.1 * right + 3]), atol=1e-6)
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert found.lines()[2].startswith("structures  8 along")


def test_without_a_coordinate_frames_are_counted_and_nothing_is_written(path, morse):
    morse.doubt = 0.2
    found = profile(morse, path)
    assert found.coordinate.tolist() == list(range(8))
    assert found.paths == []
    assert found.force_std.tolist() == [0.2] * 8


@pytest.mark.parametrize(
    ("coordinate", "words"),
    [
        ("angle", "coordinate=angle: not in every frame; the frames have bond, name; or 2 to 4 atoms as in 0,4,5,7"),
        ("name", "coordinate=name: is no number in every frame"),
        ("0,1,2", "coordinate=0,1,2: expected 2 to 4 different atoms, 0 to 1"),
        ("0,0", "expected 2 to 4 different atoms"),
        ("0", "expected 2 to 4 different atoms"),
    ],
)
def test_a_wrong_coordinate_is_named(path, morse, coordinate, words):
    with pytest.raises(ConfigError, match=words):
        profile(morse, path, ProfileOptions(coordinate=coordinate))


def test_one_frame_and_another_suffix_are_refused(tmp_path, morse):
    write(tmp_path / "one.xyz", ase.Atoms("H"))
    with pytest.raises(MlsciError, match=r"one.xyz: one frame is no path"):
        profile(morse, tmp_path / "one.xyz")
    with pytest.raises(ConfigError, match=r"out=x.png: expected a name that ends in .csv"):
        ProfileOptions(out="x.png")
