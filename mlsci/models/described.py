"""A scikit-learn estimator that sees a composition as a row of numbers: for baselines beside nets of sets."""

from typing import Any

import numpy as np
import torch

from mlsci.nets.composition import statistics
from mlsci.science.elements import scaled_properties


class Described:
    """`estimator` on mean, deviation, least and largest of every property of a composition's elements.

    Takes rows (N, 2 · elements) of (atomic number, share), as the data gives them. A classifier has probabilities, a
    regressor values. Raises ValueError for an odd number of columns.
    """

    def __init__(self, *, estimator: Any):
        self.estimator = estimator
        if hasattr(estimator, "predict_proba"):
            self.predict_proba = lambda x: estimator.predict_proba(self._rows(x))

    def fit(self, x: np.ndarray, y: np.ndarray) -> "Described":
        """Fit the estimator; gives itself."""
        self.estimator.fit(self._rows(x), y)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """What the estimator says."""
        return self.estimator.predict(self._rows(x))

    def _rows(self, x: np.ndarray) -> np.ndarray:
        if x.ndim != 2 or x.shape[1] % 2:
            raise ValueError(f"expected rows of (atomic number, share) of shape (N, 2 elements), got {x.shape}")
        sets = torch.as_tensor(x).reshape(len(x), -1, 2)
        table = torch.tensor(scaled_properties(), dtype=sets.dtype)
        return statistics(table[sets[..., 0].long()], sets[..., 1]).numpy()
