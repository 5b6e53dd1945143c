"""Randomness as a function of (seed, epoch, rank) alone, so that a resumed run repeats it bit for bit."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler


def mix(*numbers: int) -> int:
    """One 63-bit seed out of several numbers; neighbouring numbers give unrelated seeds (SplitMix64)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & 0xFFFFFFFFFFFFFFFF)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ (state >> 31)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 29
    return state >> 1


def seed_all(*numbers: int) -> None:
    """Seed torch, numpy and random from a tuple of numbers."""
    seed = mix(*numbers)
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


def permutation(n: int, *, seed: int, epoch: int, rank: int = 0, world: int = 1) -> torch.Tensor:
    """This rank's share of a random order of `n` samples; every rank gets the same number."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(mix(seed, epoch)))
    return share(order, rank=rank, world=world)


def share(order: torch.Tensor, *, rank: int, world: int) -> torch.Tensor:
    """Every `world`-th entry from `rank` on, padded by the first entries to equal lengths."""
    if world == 1:
        return order
    padding = -len(order) % world
    return torch.cat([order, order[:padding]])[rank::world]


class EpochSampler(Sampler[tuple[int, int]]):
    """Yields (epoch, index) in the order of (seed, epoch), from batch position `start` on."""

    def __init__(self, order: torch.Tensor, *, epoch: int, start: int = 0):
        self.order = order[start:]
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((self.epoch, index) for index in self.order.tolist())


class SeededDataset(Dataset):
    """A data set whose random draws depend on (seed, epoch, index), not on the worker that makes them."""

    def __init__(self, dataset: Dataset, *, seed: int):
        self.dataset = dataset
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, key: tuple[int, int]) -> Any:
        epoch, index = key
        before = random.getstate(), np.random.get_state()
        with torch.random.fork_rng(devices=[]):
            seed_all(self.seed, epoch, index, 1)
            item = self.dataset[index]
        random.setstate(before[0])
        np.random.set_state(before[1])
        return item


def random_state() -> dict[str, Any]:
    """The state of every generator, in containers that weights-only loading accepts."""
    version, keys, gauss = random.getstate()
    name, state, position, has_gauss, cached = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": [version, list(keys), gauss],
        "numpy": [str(name), [int(word) for word in state], int(position), int(has_gauss), float(cached)],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put every generator back to where `random_state` found it."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    version, keys, gauss = state["python"]
    random.setstate((version, tuple(keys), gauss))
    name, words, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, np.array(words, dtype=np.uint32), position, has_gauss, cached))
