"""SDSS main galaxy sample: five magnitudes and their errors -> spectroscopic redshift.

5000 galaxies, the training file of the MLZ code (Carrasco Kind & Brunner 2013, MNRAS 432, 1483).
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mlsci.data.download import fetch, find
from mlsci.data.spec import DataSpec
from mlsci.data.table import Table
from mlsci.errors import ConfigError
from mlsci.nearest import nearest

FILE = "photoz/SDSS_MGS.train"
URL = "https://raw.githubusercontent.com/mgckind/MLZ/50afc6d38ec88141a88edb037fe6f82dc35dd9c3/mlz/test/SDSS_MGS.train"
SHA256 = "f16579e52e5bdafcb7afda2e98353d671cc446216b73068a16d7558ab0e09c04"
COLUMNS = (  # the header of the file leaves out eu, but the column is there
    *("zs", "u", "g", "r", "i", "z", "u-g", "g-r", "r-i", "i-z"),
    *("eu", "eg", "er", "ei", "ez", "eu-g", "eg-r", "er-i", "ei-z"),
)


@dataclass(kw_only=True, eq=False)
class PhotoZ(Table):
    """Galaxy magnitudes, colours and errors -> redshift.

    Args:
        columns: the columns of the file to use as inputs: magnitudes u g r i z [mag], colours u-g ...,
            errors eu eg ... [mag]; "log eg" is the logarithm of an error. The target is `zs`.
    """

    columns: list[str] = field(default_factory=lambda: ["u", "g", "r", "i", "z"])

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.columns:
            if name.removeprefix("log ") not in COLUMNS[1:]:
                near = nearest(name, COLUMNS[1:]) or ";"
                raise ConfigError(f"data.columns: no column '{name}'{near} known: {', '.join(COLUMNS[1:])}")

    def prepare_data(self) -> None:
        """Fetch the one file."""
        if self.files is None:
            fetch(FILE, url=URL, sha256=SHA256)

    def fake(self, folder: Path) -> None:
        """200 galaxies whose redshift is a noisy linear function of their colours."""
        draw = np.random.default_rng(0)
        colours = draw.normal([1.8, 0.9, 0.4, 0.3], 0.2, (200, 4))
        bands = np.cumsum(np.column_stack([draw.normal(19, 0.5, 200), -colours]), axis=1)
        redshift = 0.1 + 0.1 * (colours[:, :1] - 1.8) + 0.01 * draw.normal(size=(200, 1))
        table = np.column_stack([redshift, bands, colours, draw.uniform(0.005, 0.05, (200, 9))])
        (folder / "photoz").mkdir(parents=True, exist_ok=True)
        np.savetxt(folder / FILE, table, header=" ".join(COLUMNS), comments="#", fmt="%.6f")

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The chosen columns (N, columns) and the redshift (N, 1)."""
        path = find(FILE, files=self.files, url=URL, sha256=SHA256)
        table = np.loadtxt(path)
        return np.column_stack([_column(table, name) for name in self.columns]), table[:, :1]

    def shapes(self) -> DataSpec:
        """The chosen columns in, one redshift out."""
        return DataSpec(
            inputs=(len(self.columns),),
            targets=(1,),
            input_names=tuple(self.columns),
            target_names=("z",),
            units=dict.fromkeys(self.columns, "mag"),
        )


def _column(table: np.ndarray, name: str) -> np.ndarray:
    values = table[:, COLUMNS.index(name.removeprefix("log "))]
    return np.log(np.maximum(values, 1e-4)) if name.startswith("log ") else values
