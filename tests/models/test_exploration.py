from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mlsci.errors import ConfigError
from mlsci.models.exploration import Candidate, Exploration, ranking
from mlsci.science.atoms.structure import Structure

pytest.importorskip("ase")
pytest.importorskip("vesin")


class Spring:
    """An ensemble for two atoms: a spring about 1 Å, whose members agree there and nowhere else."""

    cutoff = 5.0

    def __init__(self, *, doubt: float = 2.0, stiffness: float = 20.0):
        self.doubt, self.stiffness = doubt, stiffness

    def properties(self, batch):
        first, second = batch.pair_index
        vectors = batch.pos[second] + batch.shift - batch.pos[first]
        r = vectors.norm(dim=1, keepdim=True)
        pull = self.stiffness * (r - 1) * vectors / r
        forces = torch.zeros_like(batch.pos).index_add(0, first, pull).index_add(0, second, -pull)
        std = torch.zeros(len(batch.pos), dtype=torch.float64).index_add(0, first, self.doubt * (r[:, 0] - 1).abs())
        energy = torch.zeros(batch.num_graphs, dtype=torch.float64)
        return SimpleNamespace(energy=energy, forces=forces, stress=None, force_std=std)


def pair(distance: float = 1.0) -> Structure:
    return Structure(numbers=np.array([1, 8]), positions=np.array([[0.0, 0, 0], [distance, 0, 0]]), energy=1.0)


def stretch(structure: Structure) -> float:
    return abs(float(np.linalg.norm(structure.positions[1] - structure.positions[0])) - 1)


def test_every_replica_gives_its_frames_with_their_doubt():
    exploration = Exploration(temperature=300.0, steps=40, every=10, replicas=3)
    found = exploration.explore(Spring(), [pair(), pair(1.05)], seed=1)
    assert sorted(one.replica for one in found) == sorted([0, 1, 2] * 4)
    for one in found:
        assert one.doubt == pytest.approx(2.0 * stretch(one.structure), abs=1e-9)
        assert one.structure.energy is None
    again, other = (exploration.explore(Spring(), [pair(), pair(1.05)], seed=seed) for seed in (1, 2))
    assert [one.doubt for one in again] == [one.doubt for one in found]
    assert [one.doubt for one in other] != [one.doubt for one in found]


def test_a_replica_that_is_lost_leaves_its_last_frame_and_begins_anew():
    free = Exploration(temperature=2000.0, steps=200, every=200, replicas=2, max_std=1e9)
    bound = Exploration(temperature=2000.0, steps=200, every=200, replicas=2, max_std=0.3)
    assert len(free.explore(Spring(), [pair()], seed=0)) == 2
    found = bound.explore(Spring(), [pair()], seed=0)
    lost = [one for one in found if one.doubt >= 0.3]
    assert len(lost) > 2
    assert max(one.doubt for one in lost) < 0.6  # it was stopped at once
    assert len(found) <= len(lost) + 2
    assert (
        Exploration(steps=50, every=50, max_force=0.5, replicas=1).explore(Spring(), [pair(1.2)], seed=0)[0].doubt > 0
    )


def test_a_model_without_members_is_refused():
    class Alone(Spring):
        def properties(self, batch):
            found = super().properties(batch)
            found.force_std = None
            return found

    with pytest.raises(ConfigError, match=r"needs an ensemble.*model\.members=3"):
        Exploration(steps=1, every=1).explore(Alone(), [pair()], seed=0)


CANDIDATES = [Candidate(pair(1 + 0.01 * k), doubt, k % 2) for k, doubt in enumerate([5, 1, 9, 2, 7, 3, 8, 0.5])]


def test_the_most_uncertain_are_taken_evenly_from_the_replicas():
    found = ranking(CANDIDATES, acquisition="uncertain", seed=0)
    assert [(one.replica, one.doubt) for one in found[:4]] == [(0, 9), (1, 3), (0, 8), (1, 2)]
    assert len(found) == 8


def test_random_ones_are_a_function_of_the_seed():
    one, again, other = (ranking(CANDIDATES, acquisition="random", seed=seed) for seed in (0, 0, 1))
    assert [c.doubt for c in one] == [c.doubt for c in again]
    assert [c.doubt for c in one] != [c.doubt for c in other]
    assert {c.doubt for c in one} == {c.doubt for c in CANDIDATES}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranking(CANDIDATES, acquisition="best", seed=0), "expected uncertain or random, got best"),
        (lambda: Exploration(temperature=0.0), r"exploration\.temperature: expected a number above 0, got 0"),
        (lambda: Exploration(steps=5, every=6), r"exploration\.every: expected at most steps=5, got 6"),
    ],
)
def test_impossible_wishes_are_refused(call, message):
    with pytest.raises(ConfigError, match=message):
        call()
