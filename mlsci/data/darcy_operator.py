"""Darcy flow through a medium of two phases as an operator: from the permeability to the pressure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlsci.data.generated import Recipe, in_threads
from mlsci.data.generated_fields import GeneratedFields
from mlsci.errors import ConfigError
from mlsci.science.operators import darcy, random_fields

TOGETHER = 10  # functions that are solved at once
FAKE = {"train": 60, "test": 4}  # functions of made-up files


@dataclass(kw_only=True, eq=False)
class DarcyOperator(GeneratedFields):
    """a -> u of -div(a grad u) = 1 on the unit square, u = 0 on its border.

    a is `above` where a field of N(0, (-Δ + tau² I)^-alpha) with vanishing normal derivative is not negative, and
    `below` elsewhere: the law of Li et al. 2021 (arXiv:2010.08895). Solved by finite volumes on a grid of `refine`
    times the intervals (relative error 2e-3 at 169 points a side, 7e-4 at 337), of which nodes are kept, in 3
    CPU-minutes at 85 points and 9 at 141.

    Args:
        points: nodes a side, the border included.
        refine: see above; a multiple of `finer`.
        above, below: permeabilities.
        tau, alpha: of the law.
        wavenumbers: of the field, a side.
        The rest is that of `GeneratedFields`.
    """

    points: int = 85
    refine: int = 4
    above: float = 12.0
    below: float = 3.0
    tau: float = 3.0
    alpha: float = 2.0
    wavenumbers: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_counts("wavenumbers")
        self.check_counts("points", least=3)
        if self.refine < 1 or self.refine % (self.finer or 1):
            raise ConfigError(f"data.refine: expected a multiple of data.finer={self.finer}, got {self.refine}")

    def fake(self, folder: Path) -> None:
        """Few phases, a bump as pressure."""
        draw = np.random.default_rng(0)
        for part in ("train", "test"):
            points = self._kept(part) * (self.points - 1) + 1
            field = random_fields.cosine(
                FAKE[part], points=points, wavenumbers=4, tau=self.tau, alpha=self.alpha, draw=draw
            )
            x = np.sin(np.pi * np.linspace(0, 1, points))
            u = np.outer(x, x) / (100 + 50 * np.tanh(field.mean(axis=(1, 2))))[:, None, None]
            self.recipe(part).write(folder, {"above": field >= 0, "pressure": u.astype(np.float32)})

    def pairs(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Permeabilities and pressures."""
        found = {}
        for part in ("train", "test"):
            kept = self.recipe(part).load(self.files)
            a, u = np.where(kept["above"], self.above, self.below).astype(np.float32), kept["pressure"]
            every = self._kept(part)
            found[part] = (a[:, ::every, ::every], u[:, ::every, ::every])
            if part == "test" and self.finer:
                found["finer"] = (a, u)
        return found

    def grid(self) -> tuple[int, ...]:
        return (self.points, self.points)

    def names(self) -> tuple[str, str]:
        return "permeability a", "pressure u"

    def recipe(self, part: str) -> Recipe:
        """How the functions of "train" or "test" are made."""
        law = {"wavenumbers": self.wavenumbers, "tau": self.tau, "alpha": self.alpha}
        every = self.refine // self._kept(part)
        points = self.refine * (self.points - 1) + 1
        count, seed = self.count(part), self.seeds(part)

        def make() -> dict[str, np.ndarray]:
            draw = np.random.default_rng(seed)

            def fields(some: int) -> np.ndarray:
                return random_fields.cosine(some, points=points, **law, draw=draw)  # type: ignore[arg-type]

            def kept(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                u = darcy.solved(darcy.two_phase(field, above=self.above, below=self.below))
                return field[:, ::every, ::every] >= 0, u[:, ::every, ::every].astype(np.float32)

            sizes = (min(TOGETHER, count - start) for start in range(0, count, TOGETHER))
            above, pressure = zip(*in_threads(kept, map(fields, sizes)), strict=True)
            return {"above": np.concatenate(above), "pressure": np.concatenate(pressure)}

        return Recipe(
            name=f"operators/darcy_{part}",
            settings={**law, "above": self.above, "below": self.below, "points": points, "every": every}
            | {"count": count, "seed": seed, "together": TOGETHER},
            code=(random_fields, darcy),
            make=make,
        )

    def _kept(self, part: str) -> int:
        """Of which fineness the kept grid is, in units of that of training."""
        return self.finer or 1 if part == "test" else 1
