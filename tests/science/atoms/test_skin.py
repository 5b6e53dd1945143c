"""Lists with a skin give out the same pairs as lists made anew, and are seldom made."""

import numpy as np
import pytest
import torch

from mlsci.errors import ConfigError
from mlsci.science.atoms.neighbours import pairs
from mlsci.science.atoms.skin import SkinPairs
from mlsci.science.atoms.structure import Structure

CUTOFF = 3.0


def crystal(seed: int) -> Structure:
    """Twelve atoms in a skew cell, smaller than twice the cutoff."""
    random = np.random.default_rng(seed)
    cell = np.array([[4.5, 0, 0], [1.0, 5.0, 0], [0.5, -0.7, 4.2]])
    return Structure(np.full(12, 14), random.uniform(size=(12, 3)) @ cell, cell, (True, True, True))


def molecule(seed: int) -> Structure:
    """Nine atoms without a cell."""
    return Structure(np.full(9, 6), np.random.default_rng(seed).uniform(0, 5, size=(9, 3)))


def listed(index, images) -> set[tuple[int, ...]]:
    """Pairs as a set, each seen from its smaller end."""
    rows = set()
    for (i, j), image in zip(np.asarray(index).T.tolist(), np.asarray(images).tolist(), strict=True):
        rows.add(max((i, j, *image), (j, i, *(-x for x in image))))
    return rows


@pytest.mark.parametrize("structures", [[crystal(0)], [molecule(1), crystal(2), molecule(3)]], ids=["one", "three"])
def test_the_pairs_of_a_walk_are_those_of_new_lists(structures):
    random = np.random.default_rng(5)
    skin = SkinPairs(structures, cutoff=CUTOFF, skin=0.6)
    places = [s.positions.copy() for s in structures]
    for _ in range(60):
        places = [place + random.normal(scale=0.03, size=place.shape) for place in places]
        graph, shortest = skin(torch.as_tensor(np.concatenate(places)))
        expected, start, nearest = set(), 0, np.inf
        for structure, place in zip(structures, places, strict=True):
            moved = Structure(structure.numbers, place, structure.cell, structure.periodic)
            found = pairs(moved, CUTOFF)
            expected |= listed(np.stack([found.first, found.second]) + start, found.shift)
            vectors = place[found.second] + found.shift @ structure.cell - place[found.first]
            nearest = min(nearest, np.linalg.norm(vectors, axis=1).min())
            start += len(place)
        assert listed(graph.pair_index, graph.images) == expected
        assert shortest == pytest.approx(nearest, rel=1e-12)
    assert len(structures) < skin.rebuilds < 30 * len(structures)


def test_the_graph_has_the_fields_of_a_batch():
    structures = [molecule(1), crystal(2)]
    graph, _ = SkinPairs(structures, cutoff=CUTOFF)(torch.as_tensor(np.concatenate([s.positions for s in structures])))
    assert graph.num_graphs == 2
    assert graph.ptr.tolist() == [0, 9, 21]
    assert graph.z.tolist() == [6] * 9 + [14] * 12
    cells = graph.cell[graph.batch[graph.pair_index[0]]]
    torch.testing.assert_close(torch.einsum("pi,pij->pj", graph.images.double(), cells), graph.shift)


def test_only_the_replica_that_moved_gets_a_new_list():
    structures = [molecule(1), molecule(1), molecule(1)]
    positions = torch.as_tensor(np.concatenate([s.positions for s in structures]))
    skin = SkinPairs(structures, cutoff=CUTOFF, skin=1.0)
    skin(positions)
    assert skin.rebuilds == 3
    skin(positions + 0.28)  # √3 · 0.28 < 0.5
    assert skin.rebuilds == 3
    moved = positions.clone()
    moved[10, 0] += 0.51
    skin(moved)
    assert skin.rebuilds == 4
    skin(moved)
    assert skin.rebuilds == 4


def test_without_a_skin_every_list_is_new_and_no_pair_is_no_error():
    far = Structure(np.array([1, 1]), np.array([[0, 0, 0], [0, 0, 50.0]]))
    skin = SkinPairs([far], cutoff=CUTOFF, skin=0)
    for _ in range(3):
        graph, shortest = skin(torch.as_tensor(far.positions))
    assert skin.rebuilds == 3
    assert graph.pair_index.shape == (2, 0)
    assert shortest == float("inf")
    with pytest.raises(ConfigError, match="skin: expected a length of at least 0 Å, got -1"):
        SkinPairs([far], cutoff=CUTOFF, skin=-1)
