"""Series cut in time into a training, a validation and a test part, and each part into windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, MlsciError


@dataclass(kw_only=True, eq=False)
class Windows(Data):
    """Pairs of a past (look_back, F) and the values that follow it (horizon, F), F variables at equal time steps.

    A subclass writes `series()` and `names()`, and `parts()` where the parts are not the beginning, the middle and the
    end of one series. Every statistic comes from the training part alone. The targets of no part reach into another;
    the past of the first validation and test windows does, as it would for a forecast that is made in earnest.

    Args:
        look_back: values of the past that a window shows.
        horizon: values to be forecast in validation and test windows.
        train_horizon: the same of training windows; null: as many as `horizon`.
        steps: values that a net gives at once, and that `model=forecaster` feeds back to it until the horizon is
            reached; null: as many as `horizon`, the direct forecast.
        stride: time steps between two training windows.
        eval_stride: time steps between two validation or test windows.
        pooled: every variable is a series of its own: windows (look_back, 1); needs `scaled`.
        scaled: give every variable in deviations from its mean over the training part, metrics too.
        val_fraction: share of the whole series in the validation part.
        test_fraction: share of the whole series in the test part.
    """

    look_back: int = 24
    horizon: int = 1
    train_horizon: int | None = None
    steps: int | None = None
    stride: int = 1
    eval_stride: int = 1
    pooled: bool = False
    scaled: bool = False
    val_fraction: float = 0.1
    test_fraction: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("look_back", "horizon", "train_horizon", "steps", "stride", "eval_stride"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"data.{name}: expected at least 1, got {value}")
        for name in ("val_fraction", "test_fraction"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"data.{name}: expected a fraction between 0 and 1, got {getattr(self, name)}")
        if self.pooled and not self.scaled:
            raise ConfigError("data.pooled: series of different units need data.scaled=true")
        self._moments: dict[str, list[float]] = {}

    def series(self) -> np.ndarray:
        """The whole series (T, F), in physical units."""
        raise NotImplementedError

    def names(self) -> Mapping[str, str]:
        """The F variables and their units, known without any file."""
        raise NotImplementedError

    def ends(self, length: int) -> tuple[int, int, int]:
        """Where in a series of `length` values training, validation and test part end."""
        test = round(self.test_fraction * length)
        val = round(self.val_fraction * length)
        return length - test - val, length - test, length

    def parts(self) -> dict[str, np.ndarray]:
        """The parts (T, F) "train", "val", "test", the later two beginning `look_back` values before their targets."""
        whole = self.series()
        train, val, test = self.ends(len(whole))
        first = {"train": 0, "val": train - self.look_back, "test": val - self.look_back}
        last = {"train": train, "val": val, "test": test}
        return {name: whole[max(first[name], 0) : last[name]] for name in first}

    def declare(self) -> DataSpec:
        """Shapes, names and units, with neutral statistics."""
        names = {"value": "std"} if self.pooled else self.names()
        features = len(names)
        neutral = {"mean": [0.0] * features, "std": [1.0] * features}
        return DataSpec(
            inputs=(self.look_back, features),
            targets=(self.horizon, features),
            target_names=tuple(names),
            units=dict.fromkeys(names, "std") if self.scaled else {name: unit for name, unit in names.items() if unit},
            statistics={"inputs": neutral, "targets": neutral},
            outputs=(self.steps or self.horizon) * features,
        )

    def datasets(self) -> Mapping[str, Dataset]:
        """All windows of every part, float32."""
        parts = self.parts()
        self._check(parts)
        mean, std = moments(parts["train"])
        self._moments = {"mean": mean.tolist(), "std": std.tolist()}
        if self.scaled:
            parts = {name: (values - mean) / std for name, values in parts.items()}
        return {name: self._windows(name, values) for name, values in parts.items()}

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """Mean and deviation of each variable over the training part; 0 and 1 where the series are scaled already."""
        return self.declare().statistics if self.scaled else {"inputs": self._moments, "targets": self._moments}

    def _windows(self, name: str, values: np.ndarray) -> TensorDataset:
        train = name == "train"
        horizon = (self.train_horizon or self.horizon) if train else self.horizon
        series = torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32)  # (T, F)
        past, future = cut(
            series, look_back=self.look_back, horizon=horizon, stride=self.stride if train else self.eval_stride
        )
        if self.pooled:
            past, future = (each.transpose(1, 2).flatten(0, 1).unsqueeze(2) for each in (past, future))
        return TensorDataset(past, future)

    def _check(self, parts: Mapping[str, np.ndarray]) -> None:
        """Refuse series of another width, values that are not finite, and parts too short for one window."""
        features = len(self.names())
        for name, values in parts.items():
            if values.ndim != 2 or values.shape[1] != features:
                raise MlsciError(f"{type(self).__name__}: expected series (T, {features}), got {values.shape}")
            if not np.isfinite(values).all():
                row = int((~np.isfinite(values)).any(axis=1).argmax())
                raise MlsciError(f"{type(self).__name__}: the {name} part is not finite at time step {row}")
            horizon = (self.train_horizon or self.horizon) if name == "train" else self.horizon
            if len(values) < self.look_back + horizon:
                raise ConfigError(
                    f"data.look_back, data.horizon: {self.look_back} + {horizon} values do not fit into the "
                    f"{len(values)} of the {name} part"
                )


def cut(series: Tensor, *, look_back: int, horizon: int, stride: int) -> tuple[Tensor, Tensor]:
    """Windows of a series (T, F) as views of it: pasts (N, look_back, F) and futures (N, horizon, F)."""
    windows = series.unfold(0, look_back + horizon, stride).transpose(1, 2)  # (N, look_back + horizon, F)
    return windows[:, :look_back], windows[:, look_back:]


def moments(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation (F,) of each variable of a series (T, F); a constant one has deviation 1."""
    std = series.std(axis=0)
    return series.mean(axis=0), np.where(std > 0, std, 1.0)
