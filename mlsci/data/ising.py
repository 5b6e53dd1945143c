"""Spins of the two-dimensional Ising model at many temperatures, sampled on the spot, and their phase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.generated import Recipe
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError
from mlsci.science.ising import swendsen_wang
from mlsci.science.ising.onsager import CRITICAL_TEMPERATURE

PHASES = ("ordered", "disordered")


@dataclass(kw_only=True, eq=False)
class Ising(Data):
    """Lattices (1, side, side) of ±1 and their phase: 1 above the critical temperature of the infinite lattice.

    Many independent chains run at every temperature (Swendsen and Wang 1987); training and test chains share nothing,
    validation lattices are of chains of their own too. The test part holds the temperatures of the `critical` region
    alone; figures show all temperatures of the test chains.

    Args:
        side: L.
        temperatures: in units of J / k_B.
        samples: lattices a temperature for training and validation.
        test_samples: lattices a temperature for testing.
        chains: at every temperature; each gives equally many lattices, or some one more than others.
        equilibration: sweeps before the first lattice of a chain.
        interval: sweeps between two of a chain.
        critical: lowest and highest temperature of the test part.
        trained: temperatures outside of `critical` alone ("outside"), or all of them ("all").
        val_fraction: share of the chains that validate.
        sampling_seed: of the chains.
    """

    side: int = 40
    temperatures: Sequence[float] = (1.0, 2.0, 2.25, 2.5, 3.5)
    samples: int = 1000
    test_samples: int = 1000
    chains: int = 100
    equilibration: int = 50
    interval: int = 8
    critical: Sequence[float] = (2.0, 2.5)
    trained: str = "all"
    val_fraction: float = 0.1
    sampling_seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("samples", "test_samples"):
            if getattr(self, name) < 2:
                raise ConfigError(f"data.{name}: expected at least 2, got {getattr(self, name)}")
        if self.trained not in ("all", "outside"):
            raise ConfigError(f"data.trained: expected all or outside, got '{self.trained}'")
        if len(self.critical) != 2 or self.critical[0] > self.critical[1]:
            raise ConfigError(f"data.critical: expected two temperatures in order, got {list(self.critical)}")
        if not 0 < self.val_fraction < 1:
            raise ConfigError(f"data.val_fraction: expected a fraction between 0 and 1, got {self.val_fraction}")
        T = np.array(self.temperatures, dtype=np.float64)
        if not np.all(T > 0) or not min(T) < CRITICAL_TEMPERATURE < max(T) or not self._is_critical(T).any():
            raise ConfigError(
                "data.temperatures: expected positive ones below, above and within data.critical, got "
                f"{', '.join(f'{t:g}' for t in T)}"
            )

    def prepare_data(self) -> None:
        """Compute what is not in the data folder yet: some 30 CPU-s each for training and test part."""
        for part in ("train", "test"):
            self.recipe(part).prepare(self.files)

    def fake(self, folder: Path) -> None:
        """Single spins against the rest, more of them at higher temperatures."""
        draw = np.random.default_rng(0)
        T = np.array(self.temperatures)
        for part in ("train", "test"):
            flipped = draw.random((len(T), 10, self.side, self.side)) < 0.5 * (T / T.max())[:, None, None, None]
            self.recipe(part).write(folder, {"up": np.packbits(~flipped, axis=-1)})

    def datasets(self) -> Mapping[str, Dataset]:
        """Training, validation and test lattices, and "sweep": those of the test chains at all temperatures."""
        T = np.array(self.temperatures, dtype=np.float64)
        spins, swept = self._spins("train"), self._spins("test")
        held_out = max(round(self.val_fraction * spins.shape[1]), 1)
        if held_out >= spins.shape[1]:
            raise ConfigError(f"data.val_fraction: {self.val_fraction} of {spins.shape[1]} lattices leave none")
        chosen = np.ones(len(T), dtype=bool) if self.trained == "all" else ~self._is_critical(T)
        critical = self._is_critical(T)
        return {
            "train": _labelled(spins[chosen, :-held_out], T[chosen]),
            "val": _labelled(spins[chosen, -held_out:], T[chosen]),
            "test": _labelled(swept[critical], T[critical]),
            "sweep": _labelled(swept, T),
        }

    def declare(self) -> DataSpec:
        """One channel of spins in, two phases out; ±1 needs no scaling."""
        return DataSpec(
            inputs=(1, self.side, self.side), classes=PHASES, statistics={"inputs": {"mean": 0.0, "std": 1.0}}
        )

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """Mean 0 and deviation 1, by symmetry."""
        return self.declare().statistics

    def pictured(self) -> Dataset:
        """All temperatures."""
        return self.split("sweep")

    def notes(self) -> Mapping[str, Any]:
        """The temperature of every pictured lattice, and of the transition."""
        T = np.array(self.temperatures, dtype=np.float64)
        each = len(self.split("sweep")) // len(T)  # type: ignore[arg-type]
        return {
            "temperature": T.repeat(each),
            "critical_temperature": CRITICAL_TEMPERATURE,
            "critical_region": tuple(self.critical),
        }

    def recipe(self, part: str) -> Recipe:
        """How the lattices of "train" or "test" are made."""
        wanted = self.samples if part == "train" else self.test_samples
        chains = min(self.chains, wanted)
        settings: dict[str, Any] = {
            "side": self.side,
            "samples": -(-wanted // chains),
            "equilibration": self.equilibration,
            "interval": self.interval,
            "seed": [self.sampling_seed, int(part == "test")],
        }
        T = [float(t) for t in self.temperatures]

        def make() -> dict[str, np.ndarray]:
            spins = swendsen_wang.configurations(np.repeat(T, chains), **settings)
            spins = spins.reshape(len(T), -1, self.side, self.side)[:, :wanted]  # chain after chain
            return {"up": np.packbits(spins > 0, axis=-1)}

        told = {**settings, "temperatures": T, "chains": chains, "wanted": wanted}
        return Recipe(name=f"ising/{self.side}_{part}", settings=told, code=(swendsen_wang,), make=make)

    def _spins(self, part: str) -> np.ndarray:
        """(temperatures, lattices, L, L), float32."""
        bits = np.unpackbits(self.recipe(part).load(self.files)["up"], axis=-1, count=self.side)
        return 2 * bits.astype(np.float32) - 1

    def _is_critical(self, T: np.ndarray) -> np.ndarray:
        return (self.critical[0] <= T) & (self.critical[1] >= T)


def _labelled(spins: np.ndarray, T: np.ndarray) -> TensorDataset:
    """Lattices (K, N, L, L) at K temperatures as pairs (K N, 1, L, L) and (K N,)."""
    x = torch.from_numpy(np.ascontiguousarray(spins)).flatten(0, 1).unsqueeze(1)
    return TensorDataset(
        x, torch.from_numpy((CRITICAL_TEMPERATURE < T).astype(np.int64)).repeat_interleave(spins.shape[1])
    )
