"""Yearly sunspot numbers 1700-2008 (the copy of statsmodels, public domain)."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from mlsci.data.one_series import OneSeries
from mlsci.errors import MlsciError

FIRST = 1700


@dataclass(kw_only=True, eq=False)
class Sunspots(OneSeries):
    """Wolf's numbers, with the years of Weigend, Huberman & Rumelhart (1990, Int. J. Neural Systems 1, 193).

    Args:
        known_until: last year of training and validation; the last `val_fraction` of the years since 1700 validate.
        test_until: last year of the test part.
    """

    file: ClassVar[str] = "timeseries/sunspots.csv"
    url: ClassVar[str] = (
        "https://raw.githubusercontent.com/statsmodels/statsmodels/v0.14.4/statsmodels/datasets/sunspots/sunspots.csv"
    )
    sha256: ClassVar[str] = "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b"
    variable: ClassVar[tuple[str, str]] = ("sunspot number", "")
    time: ClassVar[tuple[float, str]] = (1.0, "years")
    fake_length: ClassVar[int] = 309

    known_until: int = 1920
    test_until: int = 1955

    def read(self, path: Path) -> np.ndarray:
        """The values (T,), the first of 1700."""
        with path.open(newline="") as stream:
            _, *rows = csv.reader(stream)
        years = [int(year) for year, _ in rows]
        if years != list(range(FIRST, FIRST + len(years))):
            raise MlsciError(f"{path}: expected every year from {FIRST} on")
        return np.array([float(value) for _, value in rows])

    def write(self, path: Path, values: np.ndarray) -> None:
        """A row a year."""
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["YEAR", "SUNACTIVITY"])
            writer.writerows([FIRST + year, f"{value:.1f}"] for year, value in enumerate(values))

    def ends(self, length: int) -> tuple[int, int, int]:
        """Years since 1700."""
        known = self.known_until + 1 - FIRST
        return known - round(self.val_fraction * known), known, min(self.test_until + 1 - FIRST, length)
