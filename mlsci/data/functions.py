"""Three functions on [-1, 1] without noise: entire, with poles near by, and with a kink in its second derivative."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError

FILE = "points.csv"
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

    def fake(self, folder: Path) -> None:
        """The numbers of points of a quick test, in `points.csv`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text("65,201\n")

    def datasets(self) -> Mapping[str, Dataset]:
        """Training and test points."""
        if min(self.points, self.test_points) < 2:
            raise ConfigError(f"data.points: expected at least 2, got {min(self.points, self.test_points)}")
        train, test = self.points, self.test_points
        if self.files is not None and (Path(self.files) / FILE).is_file():
            train, test = (int(number) for number in (Path(self.files) / FILE).read_text().split(","))
        return {"train": self._part(train), "test": self._part(test)}

    def _part(self, points: int) -> TensorDataset:
        x = torch.linspace(-1, 1, points, dtype=torch.float64)
        return TensorDataset(x[:, None], torch.stack([function(x) for function in FUNCTIONS.values()], dim=1))

    def declare(self) -> DataSpec:
        """One number in, three out."""
        return DataSpec(inputs=(1,), targets=(3,), input_names=("x",), target_names=tuple(FUNCTIONS))
