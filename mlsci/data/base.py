"""The contract of a data set: `datasets()`, `declare()` and `fake()`; loaders and order come from here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningDataModule
from torch.utils.data import Dataset

from mlsci.data.loaders import EvalLoader, TrainLoader
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError


@dataclass(kw_only=True, eq=False)
class Data(LightningDataModule):
    """A data set with its splits.

    A subclass writes:
        prepare_data()  fetch files through `mlsci.data.download.fetch`; runs once a machine
        datasets()      {"train": Dataset, "val": Dataset, "test": Dataset}; a TensorDataset of
                        (inputs, targets) stays in memory and needs no DataLoader, nor does a data set
                        with batch(indices) and to(device)
        declare()       the spec as far as it is known without any file, or None
        fake(folder)    write small made-up files in the layout of the real ones, for tests

    The statistics of the spec come from `statistics(datasets)`, neutral until `setup`.

    Args:
        batch_size: samples an optimizer step and device.
        eval_batch_size: samples a validation or test step.
        num_workers: processes that load batches; 0 keeps data in memory on the device.
        seed: of the order of the training samples.
        drop_last: leave out the last, smaller batch.
        files: read the data files here, and download nothing.
    """

    batch_size: int = 64
    eval_batch_size: int = 1024
    num_workers: int = 0
    seed: int = 0
    drop_last: bool = False
    files: str | None = None

    def __post_init__(self) -> None:
        super().__init__()
        if self.batch_size < 1 or self.eval_batch_size < 1:
            raise ConfigError(f"data.batch_size: expected at least 1, got {min(self.batch_size, self.eval_batch_size)}")
        self._datasets: dict[str, Dataset] | None = None
        self._spec: DataSpec | None = None
        self.train_loader: TrainLoader | None = None

    def datasets(self) -> Mapping[str, Dataset]:
        """The splits by name; "train" is needed, "val" and "test" are used where they are there."""
        raise NotImplementedError(f"{type(self).__name__} has no datasets()")

    def declare(self) -> DataSpec | None:
        """The spec as far as it is known before any file is read; None where nothing is."""
        return None

    def fake(self, folder: Path) -> None:
        """Write made-up files for tests into `folder`; nothing to do where the data comes with a library."""

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """Means and standard deviations of the training part, for `spec.statistics`."""
        return {}

    def notes(self) -> Mapping[str, Any]:
        """Plain values for figures, such as the error of a reference."""
        return {}

    def collate(self, samples: list[Any]) -> Any:
        """Joins samples to a batch where they are no tensors in memory; override for graphs and the like."""
        raise NotImplementedError

    def setup(self, stage: str | None = None) -> None:
        """Build the splits once."""
        if self._datasets is not None:
            return
        self._datasets = dict(self.datasets())
        declared = self.declare()
        if declared is None:
            raise NotImplementedError(f"{type(self).__name__}.declare() must give a spec after setup")
        self._spec = replace(declared, statistics=self.statistics(self._datasets))

    @property
    def spec(self) -> DataSpec | None:
        """The spec: declared before `setup`, with its statistics after it."""
        return self._spec or self.declare()

    def split(self, name: str) -> Dataset:
        """One of the splits, after `setup`."""
        if self._datasets is None:
            raise RuntimeError("call setup() first")
        return self._datasets[name]

    def has(self, name: str) -> bool:
        """Whether there is such a split."""
        return self._datasets is not None and name in self._datasets

    def pictured(self) -> Dataset | None:
        """What figures are drawn from: the test part."""
        return self.split("test") if self.has("test") else None

    def train_dataloader(self) -> TrainLoader:
        """Blocks of training batches."""
        if self.train_loader is None:
            self.train_loader = TrainLoader(
                self.split("train"),
                batch_size=self.batch_size,
                seed=self.seed,
                drop_last=self.drop_last,
                num_workers=self.num_workers,
                collate=self._collate(),
            )
        return self.train_loader

    def val_dataloader(self) -> EvalLoader | list[Any]:
        """The validation batches, or nothing."""
        return self._eval_loader("val")

    def test_dataloader(self) -> EvalLoader | list[Any]:
        """The test batches, or nothing."""
        return self._eval_loader("test")

    def _eval_loader(self, name: str) -> EvalLoader | list[Any]:
        if not self.has(name):
            return []
        loader = EvalLoader(
            self.split(name),
            batch_size=self.eval_batch_size,
            num_workers=self.num_workers,
            collate=self._collate(),
        )
        if self.trainer is not None:
            loader.rank, loader.world = self.trainer.global_rank, self.trainer.world_size
        return loader

    def _collate(self) -> Any:
        return self.collate if type(self).collate is not Data.collate else None
