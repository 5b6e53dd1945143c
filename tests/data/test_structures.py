"""Structures in memory: gathered batches equal PyG's, and the loaders hand them out in the order of other data sets."""

import time

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from mlsci.data.loaders import EvalLoader, TrainLoader
from mlsci.data.structures import Structures
from mlsci.errors import ConfigError
from mlsci.science.atoms.graph import graph
from mlsci.science.atoms.structure import Structure

CUTOFF = 3.0


def frames(n: int, *, periodic: bool = False, atoms: int | None = None) -> list[Structure]:
    """Frames of 1 to 6 atoms (or `atoms`); the energy is the number of the frame."""
    draw = np.random.default_rng(0)
    made = []
    for i in range(n):
        count = atoms or 1 + i % 6
        made.append(
            Structure(
                numbers=draw.integers(1, 9, count),
                positions=draw.normal(size=(count, 3)) * 2,
                cell=np.eye(3) * 5 + draw.normal(size=(3, 3)) * 0.2,
                periodic=(periodic and i % 3 > 0,) * 3,
                energy=float(i),
                forces=None if i % 4 == 3 else draw.normal(size=(count, 3)),
            )
        )
    return made


@pytest.mark.parametrize("periodic", [False, True])
def test_a_gathered_batch_is_that_of_pyg(periodic):
    made = frames(12, periodic=periodic)
    data = Structures(made, cutoff=CUTOFF)
    for order in ([3, 3, 0], list(range(12)), [11], [6, 0]):
        found = data.batch(torch.tensor(order))
        expected = Batch.from_data_list([graph(made[i], CUTOFF) for i in order])
        assert set(found.keys()) == set(expected.keys())
        for name in expected.keys():  # noqa: SIM118 - iterating a batch gives pairs
            torch.testing.assert_close(found[name], expected[name], rtol=1e-14, atol=1e-13, equal_nan=True)
        for got, one in zip(found.to_data_list(), order, strict=True):
            assert float(got.energy) == one
            assert torch.equal(got.pair_index, graph(made[one], CUTOFF).pair_index)


def test_one_frame_and_the_mean_number_of_neighbours():
    made = frames(8, periodic=True)
    data = Structures(made, cutoff=CUTOFF)
    assert torch.equal(data[5].pos, torch.as_tensor(made[5].positions))
    expected = sum(2 * graph(one, CUTOFF).pair_index.shape[1] for one in made) / sum(len(one) for one in made)
    assert data.neighbours == pytest.approx(expected)


def test_data_on_its_device_is_not_copied():
    data = Structures(frames(3), cutoff=CUTOFF)
    assert data.to("cpu") is data
    moved = data.to("meta")
    assert moved.tensors["pos"].device.type == "meta"
    assert len(moved) == 3


def test_no_frames_are_refused():
    with pytest.raises(ConfigError, match="at least one frame"):
        Structures([], cutoff=CUTOFF)


def energies(block) -> list[list[int]]:
    """The frames of each batch of a block."""
    return [batch.energy.int().tolist() for batch in block]


def loader(n: int = 11, **options) -> TrainLoader:
    """Batches of three."""
    return TrainLoader(Structures(frames(n), cutoff=CUTOFF), batch_size=3, seed=1, **options)


class Plain(torch.utils.data.Dataset):
    """The numbers of the frames, as a data set like any other."""

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> int:
        return index


def order(of: TrainLoader) -> list[list[int]]:
    """All batches of an epoch."""
    return [batch for block in of for batch in energies(block)]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize(("rank", "world"), [(0, 1), (1, 2)])
def test_the_order_is_that_of_a_data_loader(shuffle, drop_last, rank, world):
    options = {"batch_size": 3, "seed": 1, "shuffle": shuffle, "drop_last": drop_last}
    ours, theirs = TrainLoader(Structures(frames(11), cutoff=CUTOFF), **options), TrainLoader(Plain(), **options)
    for one in (ours, theirs):
        one.rank, one.world, one.epoch = rank, world, lambda: 4
    expected = [batch.tolist() for block in theirs for batch in block]
    assert order(ours) == expected
    assert len(expected) == ours.batches


def test_a_resumed_pass_begins_where_the_last_one_ended():
    whole = loader()
    resumed = loader()
    resumed.position = 2
    assert order(resumed) == order(whole)[2:]
    assert resumed.position == resumed.batches == 4
    assert len(order(resumed)) == 4  # the next epoch is whole again


def test_limits_and_blocks_are_kept():
    limited = loader()
    limited.limit, limited.inner_steps = 3, 2
    assert [len(energies(block)) for block in limited] == [2, 1]
    steps = loader()
    steps.steps_left = lambda: 1
    assert [len(energies(block)) for block in steps] == [1, 1, 1, 1]


@pytest.mark.parametrize(("rank", "world"), [(0, 1), (0, 2), (1, 2)])
def test_an_evaluation_sees_every_frame_of_its_rank_once(rank, world):
    data = EvalLoader(Structures(frames(11), cutoff=CUTOFF), batch_size=4, num_workers=0)
    data.rank, data.world = rank, world
    found = [batch.energy.int().tolist() for batch in data]
    assert [frame for part in found for frame in part] == list(range(rank, 11, world))
    assert len(found) == len(data)


def test_a_gather_takes_less_than_a_millisecond():
    """0.2 ms on an idle core; the bound is wide for busy ones, yet far below PyG's own 1.5 ms."""
    data = Structures(frames(60, atoms=15), cutoff=5.0)
    indices = torch.arange(60).split(5)
    seconds = []
    for part in indices:
        start = time.perf_counter()
        data.batch(part)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1e-3
