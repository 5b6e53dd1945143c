"""Chaotic systems of Gilpin (NeurIPS 2021 data sets track, arXiv:2110.05266): forecast the last two of twelve periods.

131 of the 133 systems have published forecasts. The protocol: fit the first ten periods of the test series, forecast
the other two; whatever is chosen by the way (epochs, widths, penalties) is chosen on the train series, which begins
elsewhere on the same attractor. The published script leaves the last point unscored, and so does `horizon`.
One train series is useless: that of PiecewiseCircuit runs off to infinity. There the ten fitted periods decide.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlsci.data.download import fetch, find
from mlsci.data.windows import Windows
from mlsci.errors import ConfigError
from mlsci.nearest import nearest

ORIGIN = "https://raw.githubusercontent.com/williamgilpin/dysts"
FILES = {  # (part, points a period): commit that holds the file, sha256
    ("train", 15): (
        "54c24698266434f443933658d6c2533a199eb966",
        "96a3ce236bca2d3c3598c1f23f5f5064b4dc91124bfec50697aa7db135d6f273",
    ),
    ("test", 15): (
        "8d48fc217ad233451a2dd0fd3dc3afef69dd2280",
        "aead65acb429acca2ea1341b0a1b38e4eda6d10675787f43894875280d0c3c30",
    ),
    ("train", 100): (
        "8d48fc217ad233451a2dd0fd3dc3afef69dd2280",
        "15b868ade755d09024a16c6e26f58c99d0fbeb549cb20a00877ad0a74577b060",
    ),
    ("test", 100): (
        "8d48fc217ad233451a2dd0fd3dc3afef69dd2280",
        "becf974b528c3e8cc2a681616fe0aee192a9b1503d17903cabe8265ea367337a",
    ),
}
PERIODS, FITTED = 12, 10
UNPUBLISHED = ("AtmosphericRegime", "LidDrivenCavityFlow")  # no published forecast: not among the 131


@dataclass(kw_only=True, eq=False)
class Dysts(Windows):
    """One coordinate of a chaotic system, noise-free; the test part is one window.

    Args:
        system: its name, such as Lorenz.
        points: samples a period, 15 or 100.
    """

    system: str = "Lorenz"
    points: int = 15

    def __post_init__(self) -> None:
        super().__post_init__()
        if ("test", self.points) not in FILES:
            raise ConfigError(f"data.points: expected 15 or 100 points a period, got {self.points}")
        longest = (PERIODS - FITTED) * self.points - 1
        if self.horizon > longest:
            raise ConfigError(f"data.horizon: expected at most {longest} points, got {self.horizon}")

    def prepare_data(self) -> None:
        """Fetch the two files."""
        if self.files is None:
            for part in ("train", "test"):
                fetch(path_of(part, self.points), url=url_of(part, self.points), sha256=FILES[part, self.points][1])

    def fake(self, folder: Path) -> None:
        """Three made-up systems: two sines each, begun at another time in the train file."""
        time = np.arange(PERIODS * self.points) / self.points
        (folder / "dysts").mkdir(parents=True, exist_ok=True)
        for part, start in (("train", 0.3), ("test", 0.0)):
            made = {}
            for number, name in enumerate(("Aizawa", "Lorenz", "Rossler"), start=1):
                wave = np.sin(2 * np.pi * (time + start)) + 0.4 * np.sin(1.3 * number * (time + start)) + 0.1
                made[name] = {"dt": 0.1, "time": time.tolist(), "values": wave.tolist()}
            with gzip.open(folder / path_of(part, self.points), "wt") as stream:
                json.dump(made, stream)

    def names(self) -> Mapping[str, str]:
        """The first coordinate of the system, in its own units."""
        return {self.system: ""}

    def notes(self) -> Mapping[str, Any]:
        """The time step, for figures."""
        return {"time_step": 1 / self.points, "time_unit": "periods"}

    def parts(self) -> dict[str, np.ndarray]:
        """Ten periods of the test series, the train series (if finite, otherwise those ten), and what follows."""
        fitted = FITTED * self.points
        train, test = self._values("train"), self._values("test")
        val = train[: fitted + self.horizon] if np.isfinite(train).all() else test[:fitted]
        return {
            "train": test[:fitted],
            "val": val,
            "test": test[max(fitted - self.look_back, 0) : fitted + self.horizon],
        }

    def _values(self, part: str) -> np.ndarray:
        """The series (12 · points, 1) of the system in one of the two files."""
        known = systems(part, points=self.points, files=self.files)
        if self.system not in known:
            near = nearest(self.system, tuple(known)) or ";"
            raise ConfigError(f"data.system: no system '{self.system}'{near} known: {', '.join(sorted(known))}")
        return known[self.system]


def path_of(part: str, points: int) -> str:
    """Where the data folder keeps the "train" or the "test" series."""
    return f"dysts/{part}_univariate__pts_per_period_{points}__periods_{PERIODS}.json.gz"


def url_of(part: str, points: int) -> str:
    """The public origin of the same file."""
    return f"{ORIGIN}/{FILES[part, points][0]}/dysts/data/{Path(path_of(part, points)).name}"


def systems(part: str, *, points: int, files: str | None = None) -> dict[str, np.ndarray]:
    """All series (12 · points, 1) of one of the files by name, those without a published forecast left out."""
    path = find(path_of(part, points), files=files, url=url_of(part, points), sha256=FILES[part, points][1])
    with gzip.open(path, "rt") as stream:
        found = json.load(stream)
    return {
        name: np.asarray(entry["values"], dtype=np.float64).reshape(-1, 1)
        for name, entry in found.items()
        if name not in UNPUBLISHED
    }
