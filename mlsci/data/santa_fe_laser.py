"""Data set A of the Santa Fe competition (Weigend & Gershenfeld 1994): the intensity of a chaotic far-infrared laser.

The task of 1991: from the first 1000 values, forecast the next 100.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from mlsci.data.one_series import OneSeries

KNOWN = 1000  # values that the competitors were given


@dataclass(kw_only=True, eq=False)
class SantaFeLaser(OneSeries):
    """Eight-bit intensities of an NH3 laser; the last `val_fraction` of the given 1000 values is the validation part.

    The test part is what follows the 1000 values: one window, and `horizon` values of it.
    """

    file: ClassVar[str] = "timeseries/santafe_laser.npy"
    url: ClassVar[str] = (
        "https://raw.githubusercontent.com/reservoirpy/reservoirpy/"
        "0af79a4148503cdb5c15afeabde2e96ac3d59470/reservoirpy/datasets/santafe_laser.npy"
    )
    sha256: ClassVar[str] = "8c07281200935596f8e28bc94e1bb25e9964ab7d7f63c5e27ac87b810ac3b33a"
    variable: ClassVar[tuple[str, str]] = ("intensity", "counts")
    time: ClassVar[tuple[float, str]] = (1.0, "samples")
    fake_length: ClassVar[int] = 1300

    def read(self, path: Path) -> np.ndarray:
        """The values (T,)."""
        return np.load(path, allow_pickle=False).astype(np.float64).ravel()

    def write(self, path: Path, values: np.ndarray) -> None:
        """Integers (T, 1), as in the file."""
        np.save(path, values.round().astype(np.int64)[:, None])

    def ends(self, length: int) -> tuple[int, int, int]:
        """Within the 1000 values, at their end, and one horizon after it."""
        return KNOWN - round(self.val_fraction * KNOWN), KNOWN, KNOWN + self.horizon
