"""Batches without a DataLoader where the data fits in memory, handed over in blocks of several steps."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, Self, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from mlsci.data.order import EpochSampler, SeededDataset, permutation, share

GATHERED = 4 << 20  # bytes: more than that comes as fresh pages from the system, at twice the time


class Slices:
    """Batches of one pass over tensors in memory: a gather of many batches at once, then slices.

    A gather is of at most `GATHERED` bytes (of one batch where that is more): larger ones wait for fresh memory.
    """

    def __init__(self, tensors: tuple[Tensor, ...], *, order: Tensor | None, batch_size: int, start: int = 0):
        self.tensors = tensors
        self.order = order
        self.batch_size = batch_size
        self.start = start

    def __iter__(self) -> Iterator[Any]:
        size, tensors = self.batch_size, self.tensors
        if self.order is None:
            for first in range(self.start * size, len(tensors[0]), size):
                yield tuple([tensor[first : first + size] for tensor in tensors])
            return
        bytes_a_row = sum(t[:1].numel() * t.element_size() for t in tensors)
        at_once = max(GATHERED // max(bytes_a_row * size, 1), 1) * size
        order = self.order.to(tensors[0].device)
        for begin in range(self.start * size, len(order), at_once):
            rows = order[begin : begin + at_once]
            gathered = [t[rows] for t in tensors]
            for first in range(0, len(rows), size):
                yield tuple([tensor[first : first + size] for tensor in gathered])


@runtime_checkable
class Gathers(Protocol):
    """A data set in memory that makes a whole batch at once, such as frames of different sizes as one graph."""

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> Any:
        """The samples `indices` (B,), in this order, as one batch."""

    def to(self, device: torch.device) -> Self:
        """The same samples on another device."""


class Gathered:
    """Batches of one pass over a data set that gathers them."""

    def __init__(self, dataset: Gathers, *, order: Tensor, batch_size: int, start: int = 0):
        self.dataset = dataset
        self.order = order[start * batch_size :]
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[Any]:
        return (self.dataset.batch(indices) for indices in self.order.split(self.batch_size) if len(indices))


class Block:
    """Up to `size` batches of an iterator, drawn while they are used; counts them in its loader."""

    def __init__(self, batches: Iterator[Any], *, size: int, loader: "TrainLoader"):
        self.batches = batches
        self.size = size
        self.loader = loader

    def __iter__(self) -> Iterator[Any]:
        loader = self.loader
        for _ in range(self.size):
            batch = next(self.batches, None)
            if batch is None:
                return
            loader.position += 1
            yield batch


class TrainLoader:
    """The training batches of an epoch in blocks of `inner_steps`; order fixed by (seed, epoch).

    `position` is the number of batches of this epoch that were already handed out; a resumed run sets
    it, and the next pass starts there.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        batch_size: int,
        seed: int,
        shuffle: bool = True,
        drop_last: bool = False,
        num_workers: int = 0,
        collate: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
    ):
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.num_workers = num_workers
        self.collate = collate
        self.pin_memory = pin_memory
        self.inner_steps = 1
        self.rank, self.world = 0, 1
        self.device = torch.device("cpu")
        self.epoch: Callable[[], int] = lambda: 0
        self.steps_left: Callable[[], int | None] = lambda: None
        self.limit: int | None = None
        self.position = 0
        self._tensors: tuple[Tensor, ...] | None = None
        self._moved: Gathers | None = None

    @property
    def samples(self) -> int:
        """This rank's samples an epoch."""
        n = -(-len(self.dataset) // self.world)  # type: ignore[arg-type]
        return n - n % self.batch_size if self.drop_last else n

    @property
    def batches(self) -> int:
        """This rank's batches an epoch."""
        n = -(-self.samples // self.batch_size)
        return n if self.limit is None else min(n, self.limit)

    def __len__(self) -> int:
        """Blocks an epoch, which is what Lightning counts."""
        return -(-self.batches // self.inner_steps)

    def __iter__(self) -> Iterator[Block]:
        """All blocks of an epoch; those that a resumed run has behind it are empty."""
        if self.position >= self.batches:
            self.position = 0
        source = iter(self._source())
        for start in range(0, self.batches, self.inner_steps):
            size = max(min(start + self.inner_steps, self.batches) - self.position, 0)
            left = self.steps_left()
            yield Block(source, size=size if left is None else min(size, left), loader=self)

    def _order(self) -> Tensor:
        if self.shuffle:
            order = permutation(
                len(self.dataset),  # type: ignore[arg-type]
                seed=self.seed,
                epoch=self.epoch(),
                rank=self.rank,
                world=self.world,
            )
        else:
            order = share(torch.arange(len(self.dataset)), rank=self.rank, world=self.world)  # type: ignore[arg-type]
        return order[: self.samples]

    def _source(self) -> Any:
        if isinstance(self.dataset, Gathers):
            if self._moved is None:
                self._moved = self.dataset.to(self.device)
            return Gathered(self._moved, order=self._order(), batch_size=self.batch_size, start=self.position)
        if isinstance(self.dataset, TensorDataset) and self.num_workers == 0 and self.collate is None:
            if self._tensors is None:
                self._tensors = tuple(t.to(self.device) for t in self.dataset.tensors)
            whole = not self.shuffle and self.world == 1 and self.samples == len(self.dataset)
            order = None if whole else self._order()
            return Slices(self._tensors, order=order, batch_size=self.batch_size, start=self.position)
        return self._loader()

    def _loader(self) -> DataLoader:
        start = self.position * self.batch_size
        return DataLoader(
            SeededDataset(self.dataset, seed=self.seed),
            batch_size=self.batch_size,
            sampler=EpochSampler(self._order(), epoch=self.epoch(), start=start),
            num_workers=self.num_workers,
            collate_fn=self.collate,
            pin_memory=self.pin_memory,
            generator=torch.Generator().manual_seed(self.seed),
        )


class EvalLoader:
    """The batches of a validation or test pass, in order; this rank's share of them."""

    def __init__(self, dataset: Dataset, *, batch_size: int, num_workers: int, collate: Any = None):
        self.dataset = dataset
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.collate = collate
        self.rank, self.world = 0, 1

    def __len__(self) -> int:
        share_size = len(range(self.rank, len(self.dataset), self.world))  # type: ignore[arg-type]
        return -(-share_size // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        indices = torch.arange(self.rank, len(self.dataset), self.world)  # type: ignore[arg-type]
        if isinstance(self.dataset, Gathers):
            return iter(Gathered(self.dataset, order=indices, batch_size=self.batch_size))
        if isinstance(self.dataset, TensorDataset) and self.collate is None:
            order = None if self.world == 1 else indices
            return iter(Slices(self.dataset.tensors, order=order, batch_size=self.batch_size))
        return iter(
            DataLoader(
                self.dataset,
                batch_size=self.batch_size,
                sampler=indices.tolist(),
                num_workers=self.num_workers,
                collate_fn=self.collate,
                generator=torch.Generator().manual_seed(0),
            )
        )
