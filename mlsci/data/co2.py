"""Atmospheric CO2 at Mauna Loa, weekly from 1958 to 2001 (Keeling & Whorf; the copy of statsmodels, public domain)."""

import csv
import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from mlsci.data.one_series import OneSeries
from mlsci.errors import MlsciError


@dataclass(kw_only=True, eq=False)
class CO2(OneSeries):
    """Weekly means; a week without one keeps the value before it, so that nothing is known early."""

    file: ClassVar[str] = "timeseries/co2.csv"
    url: ClassVar[str] = (
        "https://raw.githubusercontent.com/statsmodels/statsmodels/v0.14.4/statsmodels/datasets/co2/co2.csv"
    )
    sha256: ClassVar[str] = "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f"
    variable: ClassVar[tuple[str, str]] = ("CO2", "ppm")
    time: ClassVar[tuple[float, str]] = (1.0, "weeks")
    fake_length: ClassVar[int] = 1200

    def read(self, path: Path) -> np.ndarray:
        """The values (T,), one a week."""
        with path.open(newline="") as stream:
            _, *rows = csv.reader(stream)
        values: list[float] = []
        for date, cell in rows:
            if not cell and not values:
                raise MlsciError(f"{path}: the first week, {date}, has no value")
            values.append(float(cell) if cell else values[-1])
        return np.array(values)

    def write(self, path: Path, values: np.ndarray) -> None:
        """A row a week, every fiftieth of them empty."""
        first = datetime.date(1958, 3, 29)
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["date", "co2"])
            for week, value in enumerate(values):
                date = first + datetime.timedelta(weeks=week)
                writer.writerow([date.strftime("%Y%m%d"), "" if week % 50 == 49 else f"{value:.1f}"])
