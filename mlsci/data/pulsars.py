"""HTRU2: pulsar candidates of the High Time Resolution Universe survey (Lyon et al. 2016, MNRAS 459, 1104)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlsci.data.download import fetch, find
from mlsci.data.spec import DataSpec
from mlsci.data.table import Table
from mlsci.errors import DownloadError

FILE = "pulsars/HTRU_2.csv"
URL = "https://raw.githubusercontent.com/himankunaw/pulsar-star/916bd98c1b61388cd68bacb53d3bc775a975cbcf/HTRU_2.csv"
COLUMNS = tuple(f"{moment}_{curve}" for curve in ("IP", "DM_SNR") for moment in ("Mean", "SD", "EK", "Skewness"))
KNOWN = {14318: 1322, 17898: 1639}  # rows: pulsars among them; the whole survey file, and four fifths of it


@dataclass(kw_only=True, eq=False)
class Pulsars(Table):
    """Candidates: four moments of the pulse profile and four of the dispersion curve -> pulsar or not.

    The checksum of the whole file at its origin was never seen, so the pinned commit and the published
    counts (17,898 candidates, 1,639 pulsars) vouch for it.

    Args:
        compress: take arcsinh of all moments but the mean and deviation of the profile: they span decades.
    """

    compress: bool = False

    def prepare_data(self) -> None:
        """Fetch the one file."""
        if self.files is None:
            fetch(FILE, url=URL, sha256=None)

    def fake(self, folder: Path) -> None:
        """400 candidates, an eighth of them pulsars with shifted moments."""
        draw = np.random.default_rng(0)
        label = np.arange(400) % 8 == 0
        table = np.column_stack([draw.normal(size=(400, 8)) + 3 * label[:, None], label])
        (folder / "pulsars").mkdir(parents=True, exist_ok=True)
        header = ",".join([*COLUMNS, "Class"])
        np.savetxt(folder / FILE, table, header=header, comments="", delimiter=",", fmt=["%.6f"] * 8 + ["%d"])

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The eight moments (N, 8) and the class (N,), 1 for a pulsar."""
        path = find(FILE, files=self.files, url=URL, sha256=None)
        table = np.loadtxt(path, delimiter=",", skiprows=1)
        if self.files is None and KNOWN.get(len(table)) != int(table[:, -1].sum()):
            raise DownloadError(
                f"{path}: {len(table)} candidates with {int(table[:, -1].sum())} pulsars, expected 17898 with 1639; "
                f"the file is damaged or another version. Delete it to download it again from {URL}."
            )
        moments = table[:, :-1]
        if self.compress:
            moments[:, 2:] = np.arcsinh(moments[:, 2:])
        return moments, table[:, -1].astype(np.int64)

    def shapes(self) -> DataSpec:
        """Eight columns in, two classes out."""
        names = tuple(f"arcsinh {name}" if self.compress and i > 1 else name for i, name in enumerate(COLUMNS))
        return DataSpec(inputs=(8,), classes=("noise", "pulsar"), input_names=names)
