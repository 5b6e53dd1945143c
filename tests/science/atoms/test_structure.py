"""Structures: shapes are checked, and ASE's atoms come and go with their labels."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.lj import LennardJones

from mlsci.errors import MlsciError
from mlsci.science.atoms.structure import Structure, full


def test_ase_atoms_come_and_go():
    stress = np.array([[1.0, 6, 5], [6, 2, 4], [5, 4, 3]])
    one = Structure(
        numbers=[8, 1],
        positions=[[0, 0, 0], [0, 0, 1]],
        cell=np.eye(3) * 4,
        periodic=(True, True, False),
        energy=-3,
        forces=np.ones((2, 3)),
        stress=stress,
        info={"config_type": "bulk"},
    )
    atoms = one.to_ase()
    assert atoms.get_potential_energy() == -3
    np.testing.assert_array_equal(atoms.get_stress(), [1, 2, 3, 4, 5, 6])
    again = Structure.from_ase(atoms)
    for name in ("numbers", "positions", "cell", "forces", "stress"):
        np.testing.assert_array_equal(getattr(again, name), getattr(one, name))
    assert (again.periodic, again.energy, again.info) == (one.periodic, one.energy, one.info)
    assert again.numbers.dtype == np.int64


def test_nothing_is_computed_on_the_way_from_ase():
    atoms = bulk("Ar", cubic=True)
    atoms.calc = LennardJones()
    assert Structure.from_ase(atoms).energy is None
    assert Structure(numbers=[1], positions=np.zeros((1, 3))).to_ase().calc is None


def test_lennard_jones_of_ase_has_the_sign_of_our_stress():
    """Stretched beyond its minimum a crystal pulls back: the stress, dE/dε over the volume, is positive."""
    atoms = bulk("Ar", a=6.0, cubic=True)
    atoms.calc = LennardJones(sigma=3.4, epsilon=0.01, rc=8.0, smooth=True)
    energies = []
    for strain in (-1e-4, 1e-4):
        strained = atoms.copy()
        strained.set_cell(atoms.cell * (1 + strain), scale_atoms=True)
        strained.calc = atoms.calc
        energies.append(strained.get_potential_energy())
    slope = (energies[1] - energies[0]) / 2e-4 / atoms.get_volume()
    atoms.get_stress()
    found = Structure.from_ase(atoms)
    assert found.stress.trace() == pytest.approx(slope, rel=1e-4)
    assert found.stress.trace() > 0
    assert found.volume == pytest.approx(atoms.get_volume())


@pytest.mark.parametrize(
    ("name", "value"),
    [("positions", np.zeros((3, 3))), ("forces", np.zeros(6)), ("cell", np.ones(3)), ("stress", np.ones(6))],
)
def test_a_wrong_shape_is_named(name, value):
    values = {"numbers": [1, 1], "positions": np.zeros((2, 3)), name: value}
    with pytest.raises(MlsciError, match=rf"structure\.{name}: expected shape"):
        Structure(**values)


def test_a_stress_has_six_or_nine_numbers():
    matrix = full([1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(matrix, matrix.T)
    assert matrix[1, 2] == 4
    np.testing.assert_array_equal(full(np.arange(9)), np.arange(9).reshape(3, 3))
    with pytest.raises(MlsciError, match=r"stress: expected shape .* got \(5,\)"):
        full(np.ones(5))
