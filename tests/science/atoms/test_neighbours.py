"""Neighbour lists: two back ends agree on molecules, crystals, slabs, and cells smaller than the cutoff."""

import numpy as np
import pytest

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.neighbours import Pairs, complete, pairs
from mlsci.science.atoms.structure import Structure

TRICLINIC = np.array([[4.0, 0, 0], [1.5, 3.5, 0], [-1.0, 0.8, 3.0]])
CASES = {  # cell, periodic axes, spread of positions in Å, atoms
    "molecule": (np.zeros((3, 3)), (False, False, False), 6.0, 15),
    "molecule with a cell that does not repeat": (np.eye(3) * 3, (False, False, False), 6.0, 15),
    "crystal": (np.diag([12.0, 11.0, 13.0]), (True, True, True), 12.0, 40),
    "one atom in a small cell": (np.diag([2.0, 2.5, 3.0]), (True, True, True), 1.0, 1),
    "triclinic, atoms outside of the cell": (TRICLINIC, (True, True, True), 25.0, 4),
    "slab": (np.diag([3.0, 3.5, 20.0]), (True, True, False), 5.0, 6),
    "slab without a third lattice vector": (np.diag([3.0, 3.5, 0.0]), (True, True, False), 5.0, 6),
    "wire": (np.diag([0.0, 2.2, 0.0]), (False, True, False), 5.0, 5),
    "left-handed": (TRICLINIC[[1, 0, 2]], (True, True, True), 4.0, 3),
}


def made(case: str) -> Structure:
    """Atoms at random places."""
    cell, periodic, spread, count = CASES[case]
    positions = np.random.default_rng(0).uniform(-spread / 2, spread / 2, (count, 3))
    return Structure(numbers=np.full(count, 6), positions=positions, cell=cell, periodic=periodic)


def canonical(found: Pairs) -> list[tuple[int, ...]]:
    """Every pair from the same end, sorted."""
    rows = []
    for row in np.column_stack(found).tolist():
        first, second, *shift = row
        rows.append(min((first, second, *shift), (second, first, *(-n for n in shift))))
    return sorted(rows)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cutoff", [1.5, 5.0])
def test_both_back_ends_find_the_same_pairs(case, cutoff):
    structure = made(case)
    ours, theirs = canonical(pairs(structure, cutoff, "numpy")), canonical(pairs(structure, cutoff, "vesin"))
    assert ours == theirs
    assert len(set(ours)) == len(ours)
    assert cutoff < 2 or len(ours) > 0


@pytest.mark.parametrize("backend", ["vesin", "numpy"])
@pytest.mark.parametrize("case", CASES)
def test_vectors_are_shorter_than_the_cutoff(case, backend):
    structure = made(case)
    first, second, shift = pairs(structure, 4.0, backend)
    vectors = structure.positions[second] + shift @ structure.cell - structure.positions[first]
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths.max() < 4.0
    assert lengths.min() > 0
    assert first.dtype == second.dtype == shift.dtype == np.int64


@pytest.mark.parametrize("backend", ["vesin", "numpy"])
def test_a_simple_cubic_lattice_has_its_shells(backend):
    one = Structure(numbers=[14], positions=np.zeros((1, 3)), cell=np.eye(3), periodic=(True, True, True))
    for cutoff, shells in ((1.1, 6), (1.5, 6 + 12), (1.8, 6 + 12 + 8), (2.1, 6 + 12 + 8 + 6)):
        found = pairs(one, cutoff, backend)
        assert 2 * len(found.first) == shells
        assert (found.first == found.second).all()


@pytest.mark.parametrize("backend", ["vesin", "numpy"])
@pytest.mark.parametrize("count", [0, 1])
def test_atoms_without_neighbours_have_no_pairs(count, backend):
    found = pairs(Structure(numbers=np.ones(count), positions=np.zeros((count, 3))), 5.0, backend)
    assert [len(part) for part in found] == [0, 0, 0]
    assert found.shift.shape == (0, 3)


def test_a_missing_lattice_vector_is_completed_at_a_right_angle():
    cell = np.array([[3.0, 1.0, 0.2], [0, 0, 0], [0, 2.0, 1.0]])
    found = complete(cell, (True, False, True))
    np.testing.assert_allclose(found @ found[1], [0, 1, 0], atol=1e-12)
    assert (found[[0, 2]] == cell[[0, 2]]).all()


@pytest.mark.parametrize("backend", ["vesin", "numpy"])
def test_what_cannot_be_is_refused(backend):
    atom = {"numbers": [1], "positions": np.zeros((1, 3))}
    with pytest.raises(MlsciError, match="no lattice vector"):
        pairs(Structure(**atom, cell=np.diag([3.0, 3, 0]), periodic=(True, True, True)), 3.0, backend)
    with pytest.raises(MlsciError, match="lie in one plane"):
        pairs(Structure(**atom, cell=np.ones((3, 3)), periodic=(True, True, True)), 3.0, backend)
    with pytest.raises(MlsciError, match="not finite"):
        pairs(Structure(numbers=[1], positions=[[0, np.nan, 0]]), 3.0, backend)
    with pytest.raises(ConfigError, match="cutoff: expected a length above 0 Å, got -1"):
        pairs(Structure(**atom), -1, backend)


def test_an_unknown_back_end_is_named():
    with pytest.raises(ConfigError, match=r"got vesn; did you mean 'vesin'\?"):
        pairs(Structure(numbers=[1], positions=np.zeros((1, 3))), 3.0, "vesn")
