"""The data of a differential equation: steps to take, and the reference solution to be scored against."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.legacy_references import legacy_reference
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, DownloadError
from mlsci.science.pde.base import PDE
from mlsci.science.pde.reference import Reference
from mlsci.science.sampling.grid import Grid

MONITORED = 2000
PICTURED = 20_000  # cells of a figure where nobody knows the solution


@dataclass(kw_only=True, eq=False)
class Collocation(Data):
    """An epoch is `steps` optimizer steps on one draw of collocation points, which the model draws.

    "test" is the reference solution on its whole grid; "val" is a part of it that is looked at after every epoch to
    draw the curve of the error, and never used for any choice: the best state is chosen by held-out residuals.

    Args:
        pde: the equation.
        embedding: what the net sees of the coordinates; says how many features it gets.
        steps: optimizer steps an epoch; 0 is read as 25.
    """

    pde: PDE
    embedding: nn.Module
    steps: int = 25
    batch_size: int = 1
    eval_batch_size: int = 8192

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.pde, PDE):
            raise ConfigError(f"pde: expected an equation (mlsci.science.pde.PDE), got {type(self.pde).__name__}")
        self._reference: Reference | None = None

    @property
    def reference(self) -> Reference | None:
        """The known solution, computed once."""
        if self._reference is None:
            self._reference = self.pde.reference()
        return self._reference

    def declare(self) -> DataSpec:
        """Coordinates in, fields out; the net gets the embedding's features and gives the ansatz its outputs."""
        names = tuple(self.pde.inputs)
        return DataSpec(
            inputs=(len(names),),
            targets=(len(self.pde.fields),),
            input_names=names,
            target_names=tuple(self.pde.fields),
            features=int(self.embedding.features),  # type: ignore[arg-type]
            outputs=self.pde.outputs,
        )

    def datasets(self) -> Mapping[str, Dataset]:
        """Step numbers to train on, the reference to test on."""
        parts: dict[str, Dataset] = {"train": TensorDataset(torch.arange(self.steps or 25))}
        if self.reference is None:
            parts["val"] = TensorDataset(torch.zeros(1, len(self.pde.inputs), dtype=torch.float64))
            return parts
        points, values = self.reference.points, self.reference.values
        chosen = torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[:MONITORED].sort().values
        parts["val"] = TensorDataset(points[chosen], values[chosen])
        parts["test"] = TensorDataset(points, values)
        return parts

    def pictured(self) -> Dataset | None:
        """The reference; without one a grid in the domain, with targets that are NaN."""
        if self.has("test"):
            return super().pictured()
        points = Grid(points=PICTURED).draw(self.pde.domain(), generator=Generator())
        return TensorDataset(points, torch.full((len(points), len(self.pde.fields)), torch.nan, dtype=points.dtype))

    def legacy(self) -> tuple[Tensor, Tensor] | None:
        """Points and values of the file that others are scored on; None where there is none, or it's not to be had."""
        if self.pde.legacy is None:
            return None
        try:
            return legacy_reference(self.pde.legacy, files=self.files)
        except DownloadError as error:
            if self.files is not None:
                return None
            warnings.warn(f"no score on the legacy file: {error}", RuntimeWarning, stacklevel=2)
            return None

    def notes(self) -> dict[str, Any]:
        """The reference's own error, and true coefficients, for figures."""
        known: dict[str, Any] = {"time": self.pde.time}
        known |= {
            f"true/{name}": unknown.truth for name, unknown in self.pde.learned.items() if unknown.truth is not None
        }
        if self.reference is None:
            return known
        return {"reference_error": self.reference.self_error, "source": self.reference.source, **known}
