"""ETTh1: two years of hourly loads and oil temperature of a transformer (Zhou et al. 2021, arXiv:2012.07436)."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlsci.data.download import fetch, find
from mlsci.data.windows import Windows
from mlsci.errors import MlsciError

FILE = "timeseries/ETTh1.csv"
URL = (
    "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/ETTh1.csv"
)
SHA256 = "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"
COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
MONTH = 30 * 24  # hours
MONTHS = (12, 4, 4)  # training, validation, test; what follows in the file is not used


@dataclass(kw_only=True, eq=False)
class ETTh1(Windows):
    """Six loads and the oil temperature; the standard parts of 12, 4 and 4 months of 30 days, every window scored."""

    def prepare_data(self) -> None:
        """Fetch the one file."""
        if self.files is None:
            fetch(FILE, url=URL, sha256=SHA256)

    def fake(self, folder: Path) -> None:
        """As many hours of daily waves with noise."""
        draw = np.random.default_rng(0)
        hours = np.arange(sum(MONTHS) * MONTH)
        phase = draw.uniform(0, 6, len(COLUMNS))
        values = np.sin(2 * np.pi * hours[:, None] / 24 + phase) + 0.1 * draw.normal(size=(len(hours), len(COLUMNS)))
        (folder / "timeseries").mkdir(parents=True, exist_ok=True)
        with (folder / FILE).open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["date", *COLUMNS])
            writer.writerows([hour, *(f"{value:.4f}" for value in row)] for hour, row in enumerate(values))

    def names(self) -> Mapping[str, str]:
        """Useful and useless load at high, middle and low voltage, and the oil temperature."""
        return {**dict.fromkeys(COLUMNS[:-1], ""), "OT": "°C"}

    def notes(self) -> Mapping[str, Any]:
        """The time step, for figures."""
        return {"time_step": 1.0, "time_unit": "h"}

    def series(self) -> np.ndarray:
        """The file (T, 7)."""
        path = find(FILE, files=self.files, url=URL, sha256=SHA256)
        with path.open(newline="") as stream:
            header, *rows = csv.reader(stream)
        if tuple(header[1:]) != COLUMNS:
            raise MlsciError(f"{path}: expected the columns date, {', '.join(COLUMNS)}, got {', '.join(header)}")
        return np.array([[float(cell) for cell in row[1:]] for row in rows])

    def ends(self, length: int) -> tuple[int, int, int]:
        """After 12, 16 and 20 months of 30 days."""
        train, val, test = np.cumsum(MONTHS) * MONTH
        return int(train), int(val), min(int(test), length)
