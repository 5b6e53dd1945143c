"""The pictures of the VAE benchmark: grey values in [0, 1], the same for every loop."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.spec import DataSpec
from mlsci.data.table import Table

ROWS, PIXELS, BATCH = 54_000, 784, 128


def pictures() -> Tensor:
    """(54000, 784), most of them dark as MNIST's are."""
    return torch.rand(ROWS, PIXELS, generator=torch.Generator().manual_seed(0)).pow(4)


@dataclass(kw_only=True, eq=False)
class Pictures(Table):
    """Training pictures only, without targets worth the name."""

    def datasets(self) -> Mapping[str, Dataset]:
        """One part."""
        return {"train": TensorDataset(pictures(), torch.zeros(ROWS, dtype=torch.int64))}

    def shapes(self) -> DataSpec:
        """One flat picture in."""
        return DataSpec(inputs=(PIXELS,), classes=("none", "other"))
