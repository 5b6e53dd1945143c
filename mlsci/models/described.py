"""A scikit-learn estimator that sees a composition as a row of numbers: for baselines beside nets of sets."""

from typing import Any

import numpy as np
import torch

from mlsci.nets.composition import numbered, statistics
from mlsci.science.elements import scaled_properties


class Described:
    """`estimator` on mean, deviation, least and largest of every property of a composition's elements.

    Takes flattened sets (N, elements · columns) whose rows begin with (atomic number, share); further columns are
    treated as properties. A classifier has probabilities, a regressor values. Raises ValueError for another width.
    """

    def __init__(self, *, estimator: Any, columns: int = 6):
        self.estimator = estimator
        self.columns = columns
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
        if x.ndim != 2 or x.shape[1] % self.columns:
            raise ValueError(f"expected flattened sets of shape (N, {self.columns} elements), got {x.shape}")
        sets = torch.as_tensor(x).reshape(len(x), -1, self.columns)
        _, share, known = numbered(sets, torch.tensor(scaled_properties(), dtype=sets.dtype))
        return statistics(known, share).numpy()
