"""Five minutes of an electrocardiogram with abnormal beats: record 208 of the MIT-BIH arrhythmia database.

Moody & Mark 2001, IEEE Eng. Med. Biol. 20, 45; the copy of scipy.datasets (Open Data Commons Attribution).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from mlsci.data.one_series import OneSeries

ZERO, GAIN = 1024.0, 200.0  # reading at 0 mV, readings a mV


@dataclass(kw_only=True, eq=False)
class ECG(OneSeries):
    """One lead, 360 samples a second, in mV."""

    file: ClassVar[str] = "timeseries/ecg_mitbih208.npz"
    url: ClassVar[str] = (
        "https://raw.githubusercontent.com/scipy/dataset-ecg/5df20c70ab55b3ef55dad973558b0c1cad58df27/ecg.dat"
    )
    sha256: ClassVar[str] = "f20ad3365fb9b7f845d0e5c48b6fe67081377ee466c3a220b7f69f35c8958baf"
    variable: ClassVar[tuple[str, str]] = ("potential", "mV")
    time: ClassVar[tuple[float, str]] = (1 / 360, "s")
    fake_length: ClassVar[int] = 6000

    def read(self, path: Path) -> np.ndarray:
        """The values (T,), from eleven-bit readings."""
        with np.load(path, allow_pickle=False) as archive:
            return (archive["ecg"].astype(np.float64) - ZERO) / GAIN

    def write(self, path: Path, values: np.ndarray) -> None:
        """Readings (T,) of such an archive."""
        with path.open("wb") as stream:
            np.savez_compressed(stream, ecg=(ZERO + values).astype(np.uint16))
