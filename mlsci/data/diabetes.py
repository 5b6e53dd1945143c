"""Diabetes progression a year after ten baseline measurements (Efron et al. 2004, Annals of Statistics 32)."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_diabetes

from mlsci.data.spec import DataSpec
from mlsci.data.table import Table


@dataclass(kw_only=True, eq=False)
class Diabetes(Table):
    """442 patients: age, sex, body mass index, blood pressure, six serum values -> disease progression."""

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Raw measurements (N, 10) and the progression score (N, 1)."""
        bunch = load_diabetes(scaled=False)
        return bunch.data, bunch.target[:, None]

    def shapes(self) -> DataSpec:
        """Ten columns in, one number out."""
        names = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
        units = {"age": "years", "bmi": "kg/m²", "bp": "mmHg"}
        return DataSpec(inputs=(10,), targets=(1,), input_names=names, target_names=("progression",), units=units)
