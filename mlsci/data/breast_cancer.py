"""Breast cancer, Wisconsin diagnostic (Street et al. 1993): cell nuclei in fine-needle aspirates."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer

from mlsci.data.spec import DataSpec
from mlsci.data.table import Table


@dataclass(kw_only=True, eq=False)
class BreastCancer(Table):
    """569 tumours: 30 shape statistics of cell nuclei -> benign or malignant (the positive class)."""

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Features (N, 30) and class numbers (N,), 1 for malignant."""
        bunch = load_breast_cancer()
        return bunch.data, 1 - bunch.target  # scikit-learn counts malignant as 0

    def shapes(self) -> DataSpec:
        """Thirty columns in, two classes out."""
        return DataSpec(inputs=(30,), classes=("benign", "malignant"))
