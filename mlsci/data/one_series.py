"""Real series of one variable, each a file: what they share is how they are found and cut into windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mlsci.data.download import fetch, find
from mlsci.data.windows import Windows


@dataclass(kw_only=True, eq=False)
class OneSeries(Windows):
    """One variable in one file.

    A subclass gives `file` ("folder/file"), `url`, `sha256`, `variable` (name and unit), `time` (length and unit of a
    time step) and writes `read(path)` and `write(path, values)`.
    """

    file: ClassVar[str]
    url: ClassVar[str]
    sha256: ClassVar[str]
    variable: ClassVar[tuple[str, str]]
    time: ClassVar[tuple[float, str]]
    fake_length: ClassVar[int] = 600

    def read(self, path: Path) -> np.ndarray:
        """The values (T,) of a file, in physical units."""
        raise NotImplementedError

    def write(self, path: Path, values: np.ndarray) -> None:
        """A file of the same layout that holds `values` (T,)."""
        raise NotImplementedError

    def prepare_data(self) -> None:
        """Fetch the one file."""
        if self.files is None:
            fetch(self.file, url=self.url, sha256=self.sha256)

    def fake(self, folder: Path) -> None:
        """A noisy wave."""
        draw, time = np.random.default_rng(0), np.arange(self.fake_length)
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write(path, 100 + 50 * np.sin(2 * np.pi * time / 11) + draw.normal(size=len(time)))

    def names(self) -> Mapping[str, str]:
        """The variable and its unit."""
        return {self.variable[0]: self.variable[1]}

    def series(self) -> np.ndarray:
        """The values (T, 1)."""
        return self.read(find(self.file, files=self.files, url=self.url, sha256=self.sha256))[:, None]

    def notes(self) -> Mapping[str, Any]:
        """The time step, for figures."""
        return {"time_step": self.time[0], "time_unit": self.time[1]}
