"""Handwritten digits, 8×8 pixels (UCI optical recognition test set, as bundled with scikit-learn)."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

from mlsci.data.spec import DataSpec
from mlsci.data.table import Table


@dataclass(kw_only=True, eq=False)
class Digits(Table):
    """1797 pictures (1, 8, 8) with grey values in [0, 1] and their digit."""

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Pictures (N, 1, 8, 8) and digits (N,)."""
        bunch = load_digits()
        return bunch.images[:, None] / 16.0, bunch.target

    def shapes(self) -> DataSpec:
        """One grey picture in, ten classes out."""
        return DataSpec(inputs=(1, 8, 8), classes=tuple("0123456789"))
