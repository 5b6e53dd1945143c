"""Labels: what is right passes in silence, and every wrong unit and sign is named."""

from dataclasses import replace

import numpy as np
import pytest

from mlsci.data.made_up import crystal, ethanol, labelled
from mlsci.science.atoms.labels import findings, proportion
from mlsci.science.atoms.near_frames import near_frames
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.units import ENERGY, FORCE, GPA, STRESS, looks_like


@pytest.fixture(scope="module")
def molecules() -> list[Structure]:
    """Shaken ethanol."""
    return ethanol(60)


@pytest.fixture(scope="module")
def solids() -> list[Structure]:
    """A shaken and strained crystal."""
    return crystal(14, 60)


def scaled(frames, *, energy: float = 1.0, forces: float = 1.0, stress: float = 1.0) -> list[Structure]:
    """The same frames with labels in other units."""
    return [
        replace(
            one,
            energy=one.energy * energy,
            forces=one.forces * forces,
            stress=None if one.stress is None else one.stress * stress,
        )
        for one in frames
    ]


def test_made_up_labels_are_derivatives():
    """The teacher of these tests: forces and stress against finite differences of its energy."""
    one = crystal(14, 2)[1]
    step = 1e-5
    for atom, axis in ((0, 0), (5, 2)):
        shift = np.zeros_like(one.positions)
        shift[atom, axis] = step
        up, down = (labelled(replace(one, positions=one.positions + sign * shift)).energy for sign in (1, -1))
        assert -(up - down) / (2 * step) == pytest.approx(one.forces[atom, axis], abs=1e-6)
    for i, j in ((0, 0), (0, 1), (2, 1)):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[i, j] += sign * step
            energies.append(labelled(replace(one, positions=one.positions @ strain, cell=one.cell @ strain)).energy)
        assert (energies[0] - energies[1]) / (2 * step) / one.volume == pytest.approx(one.stress[i, j], abs=1e-6)


def test_right_labels_pass(molecules, solids):
    assert findings(molecules, {1: -13.57, 6: -1026.9, 8: -2037.8}) == []
    assert findings(solids) == []
    assert findings(molecules[:1]) == findings(solids[:2]) == []


def test_frames_without_forces_or_of_one_atom_pass():
    lonely = Structure(numbers=[1], positions=np.zeros((1, 3)), energy=-13.6)
    assert findings([lonely] * 20) == []
    assert findings([replace(one, forces=None) for one in ethanol(20)]) == []


@pytest.mark.parametrize("unit", FORCE)
def test_forces_in_another_unit_are_named(molecules, unit):
    found = findings(scaled(molecules, forces=1 / FORCE[unit]))
    bonds = next(finding for finding in found if "X–H bonds" in finding.message)
    assert bonds.certain
    near = {other for other, factor in FORCE.items() if abs(np.log(factor / FORCE[unit])) < 0.3}
    assert any(f"perhaps in {name}" in bonds.message for name in near)


@pytest.mark.parametrize("unit", ENERGY)
def test_energies_in_another_unit_than_forces_are_named(molecules, solids, unit):
    for frames in (molecules, solids):
        found = findings(scaled(frames, energy=1 / ENERGY[unit]))
        assert [finding.certain for finding in found] == [True]
        assert f"energies in {unit}" in found[0].message


@pytest.mark.parametrize(("energy", "force"), [("kcal/mol", "kcal/mol/Å"), ("Hartree", "Hartree/Bohr")])
def test_bonds_know_the_unit_where_energies_and_forces_agree(molecules, energy, force):
    found = findings(scaled(molecules, energy=1 / ENERGY[energy], forces=1 / FORCE[force]))
    assert f"perhaps in {force}" in found[0].message


def test_gradients_for_forces_are_refused(molecules, solids):
    found = findings(scaled(molecules, forces=-1))
    assert "forces point uphill" in found[0].message
    assert "opposite sign" in found[1].message
    assert "opposite sign" in findings(scaled(solids, forces=-1))[0].message


def test_a_stress_of_the_wrong_sign_is_refused(solids):
    found = findings(scaled(solids, stress=-1))
    assert [finding.certain for finding in found] == [True]
    assert "the stress has the wrong sign" in found[0].message


@pytest.mark.parametrize("unit", STRESS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_stress_in_another_unit_is_named(solids, unit, sign):
    found = findings(scaled(solids, stress=sign / STRESS[unit]))
    assert f"stress in {unit}" in found[0].message
    assert ("wrong sign" in found[0].message) == (sign < 0)


def test_a_stress_without_energies_of_strained_frames_gives_doubt_only(solids):
    """Frames that all moved far: the work of the stress drowns, the growth of the pull with the volume stays."""
    draw = np.random.default_rng(0)
    frames = []
    for i in range(30):
        stretch = 1 + 0.01 * draw.normal()
        shaken = solids[0].positions + 0.15 * draw.normal(size=(8, 3))
        one = replace(solids[0], positions=shaken * stretch, cell=solids[0].cell * stretch)
        frames.append(labelled(one))
        frames[i] = replace(frames[i], stress=-np.eye(3) * 1.5 * np.log(stretch))
    found = findings(frames)
    assert [finding.certain for finding in found] == [False]
    assert "perhaps the stress has the wrong sign" in found[0].message


def test_energies_of_atoms_in_another_unit_are_refused(molecules):
    found = findings(molecules, {1: -0.4986, 6: -37.7, 8: -74.9})
    assert found[0].certain
    assert "do not fit those of the isolated atoms" in found[0].message


@pytest.mark.parametrize("factor", [1e3, 1e-6])
def test_forces_of_an_unlikely_size_give_doubt(solids, factor):
    found = findings(scaled(solids, forces=factor, energy=factor, stress=factor))
    assert [finding.certain for finding in found] == [False]
    assert "root mean square force" in found[0].message


def test_near_molecules_are_compared_after_rotation():
    frames = ethanol(30)
    draw = np.random.default_rng(1)
    turned = []
    for one in frames:
        rotation, _ = np.linalg.qr(draw.normal(size=(3, 3)))
        rotation *= np.sign(np.linalg.det(rotation))
        turned.append(
            replace(one, positions=one.positions @ rotation + draw.normal(size=3), forces=one.forces @ rotation)
        )
    here, there = near_frames(frames), near_frames(turned)
    np.testing.assert_allclose(here.force_work, there.force_work, atol=1e-9)
    np.testing.assert_allclose(here.displacement, there.displacement, atol=1e-9)


def test_work_of_near_frames_is_their_difference_of_energy(solids):
    near = near_frames(solids)
    assert len(near.energy) > 30
    strained = near.strain > 1e-3
    assert strained.any()
    work = near.force_work + np.where(strained, near.stress_work, 0)
    assert np.corrcoef(work, near.energy)[0, 1] > 0.99
    assert proportion(work, near.energy, at_least=0.95) == pytest.approx(1, abs=0.1)


def test_one_large_row_proves_nothing():
    x = np.array([10.0, 2.5, 2.5, 2.5, 2.5])
    assert proportion(x, x, at_least=0.9) == pytest.approx(1)
    assert proportion(x, x * [1, -1, -1, 1, 1], at_least=0.5) is None
    assert proportion(x, np.zeros(5), at_least=0.5) is None


def test_a_factor_is_named_within_reason():
    assert looks_like(27, ENERGY) == "Hartree"
    assert looks_like(GPA * 1.1, STRESS) == "GPa"
    assert looks_like(1e6, ENERGY) is None
    assert looks_like(-1.0, ENERGY) is None


@pytest.mark.parametrize(
    "name", ["acac/train_300K.xyz", "ethanol/train.xyz", "threebpa/train_300K.xyz", "mlearn/Si_training.extxyz"]
)
def test_real_labels_pass(shared_data, name):
    from pathlib import Path

    from mlsci.data.ase_files import Labels, read
    from mlsci.science.atoms.repeated import repeated

    frames = read(Path(shared_data) / name, labels=Labels())
    assert findings(frames) == []
    assert repeated(frames) == []
