"""Three functions on [-1, 1] without noise: entire, with poles near by, and with a kink in its second derivative."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError

FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "wave": lambda x: torch.sin(2 * torch.pi * x) * x.exp(),
    "runge": lambda x: 1 / (1 + 25 * x.square()),  # Runge 1901: poles at ±i/5
    "cubic_kink": lambda x: x.abs() ** 3,
}


@dataclass(kw_only=True, eq=False)
class Functions(Data):
    """x (N, 1) -> the values of `FUNCTIONS` (N, 3), in float64, on even points that include both ends.

    Args:
        points: for training.
        test_points: between which nothing should go wrong unseen: many more.
    """

    points: int = 4097
    test_points: int = 20001

    def datasets(self) -> Mapping[str, Dataset]:
        """Training and test points."""
        if min(self.points, self.test_points) < 2:
            raise ConfigError(f"data.points: expected at least 2, got {min(self.points, self.test_points)}")
        return {"train": self._part(self.points), "test": self._part(self.test_points)}

    def _part(self, points: int) -> TensorDataset:
        x = torch.linspace(-1, 1, points, dtype=torch.float64)
        return TensorDataset(x[:, None], torch.stack([function(x) for function in FUNCTIONS.values()], dim=1))

    def declare(self) -> DataSpec:
        """One number in, three out."""
        return DataSpec(inputs=(1,), targets=(3,), input_names=("x",), target_names=tuple(FUNCTIONS))
