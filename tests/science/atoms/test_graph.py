"""Graphs: fields as documented, and a batch that PyG itself would make."""

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from mlsci.science.atoms.graph import batch, graph
from mlsci.science.atoms.neighbours import pairs
from mlsci.science.atoms.structure import Structure

CUTOFF = 3.0


def frames() -> list[Structure]:
    """A labelled molecule, a crystal with stress, one lonely atom, a slab."""
    draw = np.random.default_rng(0)
    return [
        Structure(numbers=[8, 1, 1], positions=draw.normal(size=(3, 3)), energy=-1.0, forces=draw.normal(size=(3, 3))),
        Structure(
            numbers=[14] * 5,
            positions=draw.uniform(0, 4, (5, 3)),
            cell=np.array([[4.0, 0, 0], [1, 4, 0], [0, -1, 4]]),
            periodic=(True, True, True),
            energy=-20.0,
            stress=np.eye(3),
        ),
        Structure(numbers=[1], positions=np.zeros((1, 3)), cell=np.eye(3) * 9),
        Structure(
            numbers=[6, 6], positions=draw.normal(size=(2, 3)), cell=np.diag([2.0, 2, 30]), periodic=(True, True, False)
        ),
    ]


def same(ours: Batch, theirs: Batch) -> None:
    """Equal in every field and dtype."""
    assert set(ours.keys()) == set(theirs.keys())
    for name in theirs.keys():  # noqa: SIM118 - iterating a batch gives pairs
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-14, atol=1e-13, equal_nan=True)
        assert ours[name].dtype == theirs[name].dtype


def test_a_batch_is_that_of_pyg():
    expected = Batch.from_data_list([graph(one, CUTOFF) for one in frames()])
    found = batch(frames(), CUTOFF)
    same(found, expected)
    assert found.num_graphs == 4
    assert found.num_nodes == 11
    same(batch(frames(), CUTOFF, [pairs(one, CUTOFF) for one in frames()]), expected)


def test_a_batch_gives_its_graphs_back():
    for one, again in zip(frames(), batch(frames(), CUTOFF).to_data_list(), strict=True):
        same(again, graph(one, CUTOFF))


def test_vectors_of_pairs_are_inside_the_cutoff():
    found = batch(frames(), CUTOFF)
    first, second = found.pair_index
    vectors = found.pos[second] + found.shift - found.pos[first]
    assert 0 < float(vectors.norm(dim=1).min()) <= float(vectors.norm(dim=1).max()) < CUTOFF
    assert (found.batch[first] == found.batch[second]).all()
    cell = found.cell[found.batch[first]]
    torch.testing.assert_close(torch.einsum("pk,pkc->pc", found.images.double(), cell), found.shift)


def test_unknown_labels_are_nan_and_cells_that_do_not_repeat_are_zero():
    found = batch(frames(), CUTOFF)
    assert found.energy.isnan().tolist() == [False, False, True, True]
    assert found.forces.isnan().any(1).tolist() == [False] * 3 + [True] * 8
    assert found.stress.isnan().any(2).any(1).tolist() == [True, False, True, True]
    assert found.cell.abs().sum((1, 2)).bool().tolist() == [False, True, False, True]
    for name in ("pos", "cell", "shift", "energy", "forces", "stress"):
        assert found[name].dtype == torch.float64


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_of_atoms_without_pairs_is_a_batch(count):
    lonely = Structure(numbers=[1], positions=np.zeros((1, 3)))
    found = batch([lonely] * count, CUTOFF)
    assert found.pair_index.shape == (2, 0)
    same(found, Batch.from_data_list([graph(lonely, CUTOFF)] * count))
