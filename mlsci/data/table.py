"""Data sets that are one array of inputs and one of targets: a table, or pictures, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.data.split import Split, split
from mlsci.errors import ConfigError, MlsciError


@dataclass(kw_only=True, eq=False)
class Table(Data):
    """Inputs (N, ...) and targets: class numbers (N,) or values (N, targets), split by fractions or folds.

    A subclass writes `arrays()` and `shapes()`.

    Args:
        test_fraction: share of the test part, where there are no folds.
        val_fraction: share of the validation part in what is left for training.
        split_seed: of the split, apart from the seed of the training.
        folds: number of cross-validation folds; null: one split by fractions.
        fold: which of the folds is the test part.
        standardise: give the means and deviations of the training inputs to the model; otherwise 0 and 1.
    """

    test_fraction: float = 0.2
    val_fraction: float = 0.1
    split_seed: int = 0
    folds: int | None = None
    fold: int = 0
    standardise: bool = True

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """All inputs and all targets, in the order of the files."""
        raise NotImplementedError

    def shapes(self) -> DataSpec:
        """The spec without statistics."""
        raise NotImplementedError

    def declare(self) -> DataSpec:
        """The shapes, with neutral statistics."""
        spec = self.shapes()
        return DataSpec(**{**vars(spec), "statistics": _neutral(spec)})

    def datasets(self) -> Mapping[str, Dataset]:
        """The three parts as tensors in memory: float32 inputs, float32 values or int64 class numbers."""
        inputs, targets = self.arrays()
        self._check(inputs, targets)
        parts = self.parts(targets)
        kind = torch.int64 if self.shapes().classes else torch.float32
        x, y = torch.as_tensor(inputs, dtype=torch.float32), torch.as_tensor(targets, dtype=kind)
        return {name: TensorDataset(x[index], y[index]) for name, index in vars(parts).items()}

    def parts(self, targets: np.ndarray) -> Split:
        """The indices of the three parts; classes keep their shares."""
        try:
            return split(
                len(targets),
                seed=self.split_seed,
                test_fraction=self.test_fraction,
                val_fraction=self.val_fraction,
                folds=self.folds,
                fold=self.fold,
                labels=targets if self.shapes().classes else None,
            )
        except ValueError as error:
            own = str(error).startswith(("test_fraction:", "val_fraction:", "folds:", "fold:"))
            raise ConfigError(f"data{'.' if own else ': '}{error}") from error

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """Mean and deviation of each input column and each target, over the training part."""
        inputs, targets = datasets["train"].tensors  # type: ignore[attr-defined]
        found = dict(_neutral(self.shapes()))
        if self.standardise and inputs.dim() == 2:
            found["inputs"] = _moments(inputs)
        if not self.shapes().classes:
            found["targets"] = _moments(targets)
        return found

    def _check(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Refuse arrays that do not have the declared shapes, and values that are not finite."""
        spec = self.shapes()
        for name, array, shape in (("inputs", inputs, spec.inputs), ("targets", targets, spec.targets)):
            if array.shape[1:] != shape or len(array) != len(inputs):
                raise MlsciError(
                    f"{type(self).__name__}: {name} have shape {array.shape}, expected (N, *{shape}) as declared"
                )
            bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
            if bad.any():
                raise MlsciError(f"{type(self).__name__}: {name} of row {int(bad.argmax())} are not finite")


def _neutral(spec: DataSpec) -> dict[str, Any]:
    tabular = len(spec.inputs) == 1
    inputs: dict[str, Any] = (
        {"mean": [0.0] * spec.inputs[0], "std": [1.0] * spec.inputs[0]} if tabular else {"mean": 0.0, "std": 1.0}
    )
    targets = {"mean": [0.0] * spec.targets[0], "std": [1.0] * spec.targets[0]} if len(spec.targets) == 1 else {}
    return {"inputs": inputs, "targets": targets}


def _moments(values: torch.Tensor) -> dict[str, list[float]]:
    std, mean = torch.std_mean(values.double(), dim=0, correction=0)
    return {"mean": mean.tolist(), "std": torch.where(std > 0, std, 1.0).tolist()}
