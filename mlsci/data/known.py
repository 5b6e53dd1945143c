"""Samples of a distribution whose density is known, drawn on the spot."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, DownloadError
from mlsci.science.distributions.base import Distribution

FILE = "counts.csv"
FAKE = (64, 32, 100)


@dataclass(kw_only=True, eq=False)
class Known(Data):
    """Training, validation and test samples (N, *shape) with their labels; the three parts are independent.

    Args:
        distribution: mlsci.science.distributions or mlsci.science.lattice.
        samples, val_samples, test_samples: in each part, at least 2.
        sampling_seed: of all samples.
    """

    distribution: Distribution
    samples: int = 10_000
    val_samples: int = 1000
    test_samples: int = 5000
    sampling_seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.files is not None:
            self.samples, self.val_samples, self.test_samples = _read(Path(self.files) / FILE)
        if min(self.samples, self.val_samples, self.test_samples) < 2:
            got = f"{self.samples}, {self.val_samples} and {self.test_samples}"
            raise ConfigError(f"data.samples, val_samples, test_samples: expected at least 2 each, got {got}")

    def fake(self, folder: Path) -> None:
        """Few samples of each part, as numbers in `counts.csv`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(",".join(map(str, FAKE)) + "\n")

    def datasets(self) -> Mapping[str, Dataset]:
        """float32 samples; labels are float32, or int64 class numbers."""
        found = {}
        counts = {"train": self.samples, "val": self.val_samples, "test": self.test_samples}
        kind = torch.int64 if self.distribution.classes else torch.float32
        for number, (name, n) in enumerate(counts.items()):
            draw = torch.Generator().manual_seed(3 * self.sampling_seed + number)
            x, label = self.distribution.sample(n, draw=draw)
            found[name] = TensorDataset(x.float(), label.to(kind))
        return found

    def declare(self) -> DataSpec:
        """One sample in; labels as targets, so that a model can be told them."""
        one = self.distribution
        neutral = {"mean": 0.0, "std": 1.0}
        return DataSpec(
            inputs=one.shape,
            targets=one.label_shape,
            classes=one.classes,
            statistics={"inputs": neutral, **({} if one.classes else {"targets": neutral})},
        )

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """One mean and deviation of all training values, and of the labels."""
        x, label = datasets["train"].tensors  # type: ignore[attr-defined]
        moments = {"inputs": _moments(x)}
        return moments if self.distribution.classes else {**moments, "targets": _moments(label)}

    def notes(self) -> Mapping[str, Any]:
        """The distribution, for figures that draw the truth."""
        return {"distribution": self.distribution}


def _moments(values: torch.Tensor) -> dict[str, float]:
    std, mean = torch.std_mean(values.double())
    return {"mean": float(mean), "std": float(std) if float(std) > 0 else 1.0}


def _read(path: Path) -> tuple[int, int, int]:
    if not path.is_file():
        raise DownloadError(f"data.files: {path}: no such file; data.files=null draws as many samples as configured")
    train, val, test = (int(number) for number in path.read_text().split(","))
    return train, val, test
