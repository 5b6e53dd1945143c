"""Made-up regression data for the overhead benchmark."""

from dataclasses import dataclass

import numpy as np

from mlsci.data.spec import DataSpec
from mlsci.data.table import Table


def arrays(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten inputs and a smooth function of them."""
    x = np.random.default_rng(0).normal(size=(n, 10))
    return x, np.sin(x.sum(1, keepdims=True))


@dataclass(kw_only=True, eq=False)
class Synthetic(Table):
    """`n` samples; 80 % of these times 90 % are for training."""

    n: int = 16000
    val_fraction: float = 0.1

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (n, 10) and targets (n, 1)."""
        return arrays(self.n)

    def shapes(self) -> DataSpec:
        """Ten columns in, one number out."""
        return DataSpec(inputs=(10,), targets=(1,))
