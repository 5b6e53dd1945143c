"""Train, validation and test parts of given sizes, cut from one list in a fixed random order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mlsci.errors import ConfigError

T = TypeVar("T")
Size = int | float


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Counts (1, 2, ...) or fractions below 1 of what is cut; `train=None` takes all that is left.

    Raises:
        ConfigError: something else.
    """

    train: Size | None
    val: Size
    test: Size

    def __post_init__(self) -> None:
        for name, size in vars(self).items():
            if size is not None and (size < 0 or (size >= 1 and size != int(size)) or isinstance(size, bool)):
                raise ConfigError(f"data.{name}_size: expected a count or a fraction below 1, got {size}")
        if self.train == 0:
            raise ConfigError("data.train_size: expected at least one frame, got 0")


def cut(given: Mapping[str, Sequence[T]], sizes: Sizes, *, seed: int) -> dict[str, list[T]]:
    """The parts "train", "val" and "test", those that are not given cut from `given["train"]`.

    Test comes first in the random order, then validation, then training: a smaller `sizes.train` takes the first
    frames of a larger one, and the other parts stay what they are.

    Raises:
        ConfigError: more is asked for than there is.
    """
    whole = given["train"]
    n = len(whole)
    test = 0 if "test" in given else _count(sizes.test, n)
    val = 0 if "val" in given else _count(sizes.val, n)
    train = n - test - val if sizes.train is None else _count(sizes.train, n)
    if train < 1 or train + val + test > n:
        raise ConfigError(
            f"data: {n} frames do not give {max(train, 1)} for training, {val} for validation and {test} for test; "
            f"see data.train_size, data.val_size, data.test_size"
        )
    order = np.arange(n) if train == n else np.random.default_rng(seed).permutation(n)
    places = {"train": order[test + val : test + val + train], "val": order[test : test + val], "test": order[:test]}
    parts = {name: [whole[i] for i in np.sort(index)] for name, index in places.items()}
    parts |= {name: list(frames) for name, frames in given.items() if name != "train"}
    return {name: part for name, part in parts.items() if part}


def _count(size: Size, n: int) -> int:
    return int(size) if size >= 1 else round(size * n)
