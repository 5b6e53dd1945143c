"""Maps from fields to fields on one grid, in memory: what a neural operator is trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, MlsciError


@dataclass(kw_only=True, eq=False)
class Fields(Data):
    """Pairs of one field and another (1, *grid); validation pairs are held out from those for training.

    A subclass writes `pairs()`, `grid()` and `names()`. A part "finer" holds the test functions on a finer grid, which
    `model=operator` tests on as well. Inputs are standardised by one mean and one deviation, targets divided by one
    number, their root mean square: nothing depends on the grid, and relative errors are the same in all units.

    Args:
        validation: pairs that are held out, the last ones.
    """

    validation: int = 50

    def pairs(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Inputs and targets (N, *grid) of the parts "train" and "test", and "finer" where there is one."""
        raise NotImplementedError

    def grid(self) -> tuple[int, ...]:
        """Points of each side."""
        raise NotImplementedError

    def names(self) -> tuple[str, str]:
        """What the input and the target are called in figures."""
        raise NotImplementedError

    def declare(self) -> DataSpec:
        """One field in, one out, with neutral statistics."""
        neutral = {"mean": 0.0, "std": 1.0}
        given, wanted = self.names()
        return DataSpec(
            inputs=(1, *self.grid()),
            targets=(1, *self.grid()),
            input_names=(given,),
            target_names=(wanted,),
            statistics={"inputs": neutral, "targets": neutral},
        )

    def datasets(self) -> Mapping[str, Dataset]:
        """All parts, float32."""
        found = dict(self.pairs())
        for name, (x, y) in found.items():
            if not (np.isfinite(x).all() and np.isfinite(y).all()):
                raise MlsciError(f"{type(self).__name__}: the {name} part is not finite")
        x, y = found["train"]
        kept = len(x) - self.validation
        if not 0 < self.validation < len(x):
            raise ConfigError(f"data.validation: expected 1 to {len(x) - 1} of {len(x)} pairs, got {self.validation}")
        found |= {"train": (x[:kept], y[:kept]), "val": (x[kept:], y[kept:])}
        return {name: TensorDataset(_tensor(x), _tensor(y)) for name, (x, y) in found.items()}

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """Mean and deviation of all input values, root mean square of all target values, over the training part."""
        x, y = (tensor.double() for tensor in datasets["train"].tensors)  # type: ignore[attr-defined]
        return {
            "inputs": {"mean": float(x.mean()), "std": float(x.std(correction=0))},
            "targets": {"mean": 0.0, "std": float(y.square().mean().sqrt())},
        }


def _tensor(fields: np.ndarray) -> torch.Tensor:
    """(N, 1, *grid)."""
    return torch.as_tensor(np.ascontiguousarray(fields), dtype=torch.float32).unsqueeze(1)
