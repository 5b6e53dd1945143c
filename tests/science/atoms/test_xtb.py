import sys
from dataclasses import replace

import numpy as np
import pytest

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.named import named
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.xtb import XTB, isolated, label, relaxed


@pytest.fixture
def tblite():
    return pytest.importorskip("tblite.interface")


def crystal() -> Structure:
    """Two molecules of water in a skew cell of nearly the density of ice."""
    water = named("water")
    positions = np.concatenate([water.positions, water.positions + np.array([2.6, 1.2, 0.4])])
    cell = np.array([[5.0, 0, 0], [0.3, 4.5, 0], [0, 0.2, 4.2]])
    return Structure(numbers=np.tile(water.numbers, 2), positions=positions, cell=cell, periodic=(True, True, True))


def strained(structure: Structure, strain: np.ndarray) -> Structure:
    change = np.eye(3) + strain
    return replace(structure, positions=structure.positions @ change, cell=structure.cell @ change)


def test_the_energy_of_water_is_that_of_the_documentation(tblite):
    assert label([named("water")])[0].energy == pytest.approx(-137.96777594361677, abs=1e-4)


def test_forces_are_the_slope_of_the_energy(tblite):
    generator = np.random.default_rng(0)
    molecule = named("ethanol")
    bent = replace(molecule, positions=molecule.positions + 0.05 * generator.normal(size=(9, 3)))
    direction, step = generator.normal(size=(9, 3)), 1e-3
    ahead, behind = (replace(bent, positions=bent.positions + sign * step * direction) for sign in (1, -1))
    (here, up, down) = label([bent, ahead, behind])
    assert (here.forces * direction).sum() == pytest.approx((down.energy - up.energy) / (2 * step), abs=2e-3)
    assert np.abs(here.forces.sum(axis=0)).max() < 1e-6


def test_stress_is_the_slope_by_strain_over_the_volume(tblite):
    structure, step = crystal(), 1e-3
    found = label([structure])[0]
    for i, j in ((0, 0), (2, 2), (1, 2)):
        strain = np.zeros((3, 3))
        strain[i, j] += step / 2
        strain[j, i] += step / 2
        up, down = label([strained(structure, strain), strained(structure, -strain)])
        slope = (up.energy - down.energy) / (2 * step) / structure.volume
        assert found.stress[i, j] == pytest.approx(slope, abs=3e-5)


def test_the_electrons_of_the_last_call_change_nothing_beyond_the_accuracy(tblite):
    molecule = named("ethanol")
    moved = replace(molecule, positions=molecule.positions * 1.03)
    surface = XTB(molecule)
    surface(molecule.positions)
    after, (afresh,) = surface(moved.positions), label([moved])
    assert after.energy == pytest.approx(afresh.energy, abs=1e-6)
    np.testing.assert_allclose(after.forces, afresh.forces, atol=2e-4)


def test_the_atoms_of_a_molecule_are_higher_than_the_molecule(tblite):
    energies = isolated([8, 1, 1, 6])
    assert list(energies) == [1, 6, 8]
    molecule = named("ethanol")
    assert -50 < label([molecule])[0].energy - sum(energies[int(n)] for n in molecule.numbers) < -30


def test_relaxation_ends_in_a_minimum(tblite):
    molecule = named("water")
    far = replace(molecule, positions=molecule.positions * 1.1)
    ended = relaxed(far)
    assert np.linalg.norm(ended.forces, axis=1).max() < 0.03
    assert ended.energy < label([molecule])[0].energy + 1e-3


def test_impossible_questions_are_refused(tblite):
    with pytest.raises(ConfigError, match=r"method: expected one of GFN2-xTB, .*got PM6"):
        XTB(named("water"), method="PM6")
    with pytest.raises(ConfigError, match=r"charge: expected a whole number.*got 0\.5"):
        XTB(named("water"), charge=0.5)
    water = named("water")
    with pytest.raises(MlsciError, match="GFN2-xTB: no solution for these 3 atoms"):
        label([replace(water, positions=np.full((3, 3), np.nan))])


def test_without_tblite_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tblite.interface", None)
    with pytest.raises(MlsciError, match=r'need tblite: `pip install "mlsci\[xtb\]"`'):
        label([named("water")])
