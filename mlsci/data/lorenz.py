"""The Lorenz attractor, integrated on the spot: x, y, z at equal time steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlsci.data.windows import Windows
from mlsci.errors import ConfigError
from mlsci.science.solvers.lorenz import trajectory


@dataclass(kw_only=True, eq=False)
class Lorenz(Windows):
    """One long trajectory (x, y, z) of the Lorenz equations at σ = 10, ρ = 28, β = 8/3.

    Args:
        length: samples in all.
        step: time between two samples.
        substeps: Runge-Kutta steps between two samples.
        trajectory_seed: of the start.
        observed: "xyz", or "x" for one coordinate alone.
    """

    length: int = 12000
    step: float = 0.025
    substeps: int = 5
    trajectory_seed: int = 0
    observed: str = "xyz"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.observed or not set(self.observed) <= set("xyz") or len(set(self.observed)) < len(self.observed):
            raise ConfigError(f"data.observed: expected some of the letters x, y and z, got '{self.observed}'")

    def names(self) -> Mapping[str, str]:
        """The coordinates that are seen; they have no unit."""
        return dict.fromkeys(self.observed, "")

    def series(self) -> np.ndarray:
        """The trajectory (length, F)."""
        whole = trajectory(points=self.length, step=self.step, substeps=self.substeps, seed=self.trajectory_seed)
        return whole[:, ["xyz".index(name) for name in self.observed]]

    def notes(self) -> Mapping[str, Any]:
        """The time step, for figures."""
        return {"time_step": self.step, "time_unit": "time units"}
