"""The calculator of ASE, and relaxations with it."""

import ase
import numpy as np
import pytest
import torch
from ase.build import bulk
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from ase.io import read, write

from mlsci.atoms import Calculator, relax
from mlsci.atoms.options import RelaxOptions
from mlsci.errors import ConfigError, MlsciError
from mlsci.models.potential import Potential
from mlsci.models.potential_loss import PotentialLoss
from mlsci.nets.schnet import SchNet


@pytest.fixture
def silicon(morse) -> ase.Atoms:
    """A rattled crystal of eight atoms with bonds of 2.4 Å."""
    morse.length, morse.depth, morse.steepness, morse.cutoff = 2.4, 1.0, 1.2, 3.4
    atoms = bulk("Si", "fcc", a=3.45, cubic=True)
    atoms.rattle(0.05, seed=0)
    return atoms


def test_forces_and_stress_are_derivatives_of_the_energy(morse, silicon):
    silicon.calc = Calculator(morse)
    np.testing.assert_allclose(silicon.get_forces(), calculate_numerical_forces(silicon, eps=1e-4), atol=1e-6)
    numerical = calculate_numerical_stress(silicon, eps=1e-5)
    np.testing.assert_allclose(silicon.get_stress(), numerical, atol=1e-7)
    assert np.abs(numerical).max() > 1e-3


def trained_in_float32() -> Potential:
    torch.manual_seed(0)
    net = SchNet(species=1, cutoff=3.4, neighbours=4.0, hidden=8, layers=1, basis=5)
    about = {"elements": [14], "energies": [0.0], "shift": 0.0, "scale": 1.0, "cutoff": 3.4}
    return Potential(net=net, criterion=PotentialLoss(), **about)


def test_the_net_computes_in_the_precision_that_is_asked_for(silicon):
    errors = []
    for dtype in ("float32", "float64"):
        silicon.calc = Calculator(trained_in_float32(), dtype=dtype)
        difference = silicon.get_forces() - calculate_numerical_forces(silicon, eps=1e-4)
        errors.append(np.abs(difference).max())
    assert errors[1] < 1e-7 < 1e-5 < errors[0]
    with pytest.raises(ConfigError, match="dtype: expected float32 or float64, got float16"):
        Calculator(trained_in_float32(), dtype="float16")


def test_a_potential_without_a_choice_of_precision_says_so(morse):
    with pytest.raises(MlsciError, match="dtype: the precision of a Morse cannot be chosen"):
        Calculator(morse, dtype="float64")


def test_answers_are_compiled_where_that_is_asked_for():
    assert Calculator(trained_in_float32(), compile=True).potential.kernel.fast
    assert not Calculator(trained_in_float32()).potential.kernel.fast


def test_the_energy_is_the_same_with_old_and_new_lists(morse, silicon):
    calculator = Calculator(morse, skin=0.4)
    silicon.calc = calculator
    random = np.random.default_rng(0)
    for _ in range(10):
        silicon.positions += random.normal(scale=0.02, size=silicon.positions.shape)
        fresh = silicon.copy()
        fresh.calc = Calculator(morse, skin=0)
        assert silicon.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), abs=1e-12)
    assert 1 <= calculator._pairs.rebuilds < 10


def test_a_new_cell_other_atoms_and_nothing_new(morse, silicon):
    silicon.calc = calculator = Calculator(morse)
    first = silicon.get_potential_energy()
    calls = morse.calls
    silicon.get_potential_energy()
    assert morse.calls == calls
    silicon.set_cell(silicon.cell * 1.05, scale_atoms=True)
    assert silicon.get_potential_energy() != first
    pair = ase.Atoms("HC", [[0, 0, 0], [0, 0, 2.4]])
    pair.calc = calculator
    assert pair.get_potential_energy() == pytest.approx(-1.0 * (1 - (2.4 / 3.4) ** 2) ** 3)
    with pytest.raises(MlsciError, match="atoms: holds O; the potential knows H, C, Si only"):
        calculator.get_potential_energy(ase.Atoms("O"))


def test_doubt_is_given_out_as_force_std(morse):
    pair = ase.Atoms("HC", [[0, 0, 0], [0, 0, 1.2]])
    pair.calc = Calculator(morse)
    pair.get_forces()
    assert "force_std" not in pair.calc.results
    morse.doubt = 0.3
    pair.rattle(0.01)
    pair.get_forces()
    assert pair.calc.results["force_std"].tolist() == [0.3, 0.3]


@pytest.mark.parametrize("optimizer", ["lbfgs", "fire", "bfgs"])
def test_two_atoms_relax_to_the_length_of_their_bond(morse, optimizer, tmp_path):
    morse.cutoff = 50.0
    pair = ase.Atoms("HC", [[0, 0, 0], [0, 0, 1.3]])
    options = RelaxOptions(fmax=1e-4, optimizer=optimizer, out=str(tmp_path / "deep" / "pair.xyz"))
    found = relax(morse, pair, options)
    assert found.atoms.get_distance(0, 1) == pytest.approx(1.1, abs=1e-3)
    assert pair.get_distance(0, 1) == pytest.approx(1.3)
    assert found.change < 0
    assert found.largest <= 1e-4
    assert found.moved == pytest.approx(0.1, abs=0.11)
    assert read(found.path).get_distance(0, 1) == pytest.approx(1.1, abs=1e-3)
    assert found.lines()[0].startswith("structure   ")


def test_a_crystal_relaxes_with_its_cell(morse, silicon):
    morse.cutoff = 4.6
    silicon.set_cell(silicon.cell * [[1.05], [1.0], [0.97]], scale_atoms=True)
    with_cell = relax(morse, silicon, RelaxOptions(fmax=1e-4, cell=True))
    assert np.abs(with_cell.atoms.get_stress()).max() < 1e-4
    without = relax(morse, silicon, RelaxOptions(fmax=1e-4))
    np.testing.assert_allclose(np.array(without.atoms.cell), np.array(silicon.cell))
    assert with_cell.atoms.get_potential_energy() < without.atoms.get_potential_energy() - 1e-3
    assert with_cell.path is None
    assert with_cell.moved < 0.5


def test_an_optimizer_that_went_uphill_is_no_success(morse, silicon):
    silicon.set_cell(silicon.cell * [[1.05], [1.0], [0.97]], scale_atoms=True)  # the cutoff is a barrier to more room
    with pytest.raises(MlsciError, match=r"the energy rose by 2\.6.* eV: .*; optimizer=fire may find"):
        relax(morse, silicon, RelaxOptions(fmax=1e-4, cell=True))


def test_what_cannot_be_relaxed_is_said(morse, silicon, tmp_path):
    with pytest.raises(ConfigError, match="cell=true: structure is not periodic in three directions"):
        relax(morse, ase.Atoms("HC", [[0, 0, 0], [0, 0, 1.3]]), RelaxOptions(cell=True))
    write(tmp_path / "a.extxyz", ase.Atoms("HN", [[0, 0, 0], [0, 0, 1.3]]))
    with pytest.raises(MlsciError, match=r"a.extxyz: holds N; the potential knows H, C, Si only"):
        relax(morse, tmp_path / "a.extxyz")
    out = tmp_path / "b.extxyz"
    with pytest.raises(MlsciError, match=r"no minimum after 1 steps: a force of .* eV/Å is left, .*b.extxyz"):
        relax(morse, silicon, RelaxOptions(steps=1, fmax=1e-9, out=str(out)))
    assert len(read(out)) == len(silicon)
    with pytest.raises(ConfigError, match=r"out=.*b.nothing: no format that ASE writes"):
        relax(morse, silicon, RelaxOptions(fmax=1, out=str(tmp_path / "b.nothing")))
    with pytest.raises(ConfigError, match="fmax: expected above 0, got 0"):
        RelaxOptions(fmax=0)
    with pytest.raises(ConfigError, match="fmax: expected a finite number, got inf"):
        RelaxOptions(fmax=float("inf"))
    with pytest.raises(ConfigError, match=r"device: expected cpu.* or auto.*, got 'gpu'"):
        relax(trained_in_float32(), silicon, RelaxOptions(device="gpu"))
