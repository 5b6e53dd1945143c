"""Energies of isolated atoms: recognised, read, or fitted."""

import numpy as np
import pytest

from mlsci.errors import MlsciError
from mlsci.science.atoms.isolated import energies_of, fit, is_isolated
from mlsci.science.atoms.structure import Structure


def atom(number: int = 1, *, length: float = 0.0, kind: str | None = None, **labels) -> Structure:
    """One atom, in a cubic cell where `length` is given."""
    return Structure(
        numbers=[number],
        positions=np.zeros((1, 3)),
        cell=np.eye(3) * length,
        periodic=(length > 0,) * 3,
        info={"config_type": kind} if kind else {},
        **labels,
    )


def test_isolated_atoms_are_recognised():
    assert is_isolated(atom())
    assert is_isolated(atom(length=20))
    assert not is_isolated(atom(length=2.5))  # the primitive cell of a crystal
    for kind in ("isolated_atom", "IsolatedAtom", "Isolated Atom"):
        assert is_isolated(atom(length=8, kind=kind))
    assert not is_isolated(atom(length=8, kind="bulk"))
    two = Structure(numbers=[1, 1], positions=np.zeros((2, 3)), info={"config_type": "isolated_atom"})
    assert not is_isolated(two)


def test_their_energies_are_read():
    assert energies_of([atom(8, energy=-3), atom(1, energy=-1), atom(1, energy=-1.0005)]) == {8: -3.0, 1: -1.0}


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([atom(6)], "atomic number 6 has no energy"),
        ([atom(energy=-1), atom(energy=-2)], "two energies for the isolated atom of atomic number 1: -1.0 and -2.0 eV"),
        ([Structure(numbers=[1, 1], positions=np.zeros((2, 3)))], "got one of 2 atoms"),
    ],
)
def test_energies_that_cannot_be_are_refused(frames, words):
    with pytest.raises(MlsciError, match=words):
        energies_of(frames)


def test_a_fit_finds_the_energies_of_elements():
    true = {1: -13.6, 6: -1027.0, 8: -2038.0}
    draw = np.random.default_rng(0)
    frames = []
    for _ in range(20):
        numbers = draw.choice(list(true), 7)
        energy = sum(true[z] for z in numbers)
        frames.append(Structure(numbers=numbers, positions=draw.normal(size=(7, 3)), energy=energy))
    assert fit(frames) == pytest.approx(true)


def test_a_fit_to_one_composition_gives_its_energy():
    frames = [Structure(numbers=[8, 1, 1], positions=np.zeros((3, 3)), energy=energy) for energy in (-10.0, -12.0)]
    found = fit(frames)
    assert found[8] + 2 * found[1] == pytest.approx(-11)
