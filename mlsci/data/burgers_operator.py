"""Burgers' equation on a ring as an operator: from random initial values to the solution at a later time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlsci.data.fields import Fields
from mlsci.data.generated import Recipe
from mlsci.errors import ConfigError
from mlsci.science.operators import burgers, random_fields
from mlsci.science.solvers import etdrk4

FAKE = {"train": 60, "test": 4}  # functions of made-up files


@dataclass(kw_only=True, eq=False)
class BurgersOperator(Fields):
    """u(x, 0) -> u(x, time) of u_t + u u_x = nu u_xx on [0, 1], u(x, 0) from N(0, sigma² (-Δ + tau² I)^-alpha).

    The law of Li et al. 2021 (arXiv:2010.08895), solved by Fourier modes and ETDRK4 to a relative error of 1e-5. What
    is kept are Fourier coefficients, so that every grid samples the same functions.

    Args:
        points: of the grid.
        functions: for training and validation.
        test_functions: for testing.
        finer: the test is repeated on a grid of so many times the points; null: it is not.
        nu: viscosity.
        time: of the solution that is asked for.
        sigma, tau, alpha: of the law.
        wavenumbers: up to which initial values reach.
        modes: points of the solver.
        steps: of the solver.
        functions_seed: of the functions.
    """

    points: int = 256
    functions: int = 1000
    test_functions: int = 200
    finer: int | None = 2
    nu: float = 0.1
    time: float = 1.0
    sigma: float = 25.0
    tau: float = 5.0
    alpha: float = 2.0
    wavenumbers: int = 512
    modes: int = 512
    steps: int = 200
    functions_seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("points", "functions", "test_functions", "wavenumbers", "steps"):
            if getattr(self, name) < 2:
                raise ConfigError(f"data.{name}: expected at least 2, got {getattr(self, name)}")

    def prepare_data(self) -> None:
        """Compute what is not in the data folder yet: 5 CPU-s."""
        for part in ("train", "test"):
            self.recipe(part).prepare(self.files)

    def fake(self, folder: Path) -> None:
        """Functions of few waves, the solution damped by hand."""
        draw = np.random.default_rng(0)
        for part in ("train", "test"):
            initial = random_fields.periodic(
                FAKE[part], wavenumbers=8, scale=self.sigma, tau=self.tau, alpha=self.alpha, draw=draw
            )
            damped = initial * np.exp(-0.1 * np.arange(9))
            self.recipe(part).write(folder, {"initial": initial, "final": damped})

    def pairs(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Both functions of every pair on the grid."""
        train, test = (self.recipe(part).load(self.files) for part in ("train", "test"))
        found = {"train": self._sampled(train, self.points), "test": self._sampled(test, self.points)}
        if self.finer:
            found["finer"] = self._sampled(test, self.finer * self.points)
        return found

    def grid(self) -> tuple[int, ...]:
        return (self.points,)

    def names(self) -> tuple[str, str]:
        return "u(x, 0)", f"u(x, {self.time:g})"

    def recipe(self, part: str) -> Recipe:
        """How the functions of "train" or "test" are made."""
        law = {"wavenumbers": self.wavenumbers, "scale": self.sigma, "tau": self.tau, "alpha": self.alpha}
        solver = {"nu": self.nu, "time": self.time, "modes": self.modes, "steps": self.steps}
        count, seed = self._count(part), [self.functions_seed, int(part == "test")]

        def make() -> dict[str, np.ndarray]:
            initial = random_fields.periodic(count, **law, draw=np.random.default_rng(seed))  # type: ignore[arg-type]
            return {"initial": initial, "final": burgers.evolved(initial, **solver)}  # type: ignore[arg-type]

        return Recipe(
            name=f"operators/burgers_{part}",
            settings={**law, **solver, "count": count, "seed": seed},
            code=(random_fields, burgers, etdrk4),
            make=make,
        )

    def _count(self, part: str) -> int:
        return self.functions if part == "train" else self.test_functions

    def _sampled(self, kept: Mapping[str, np.ndarray], points: int) -> tuple[np.ndarray, np.ndarray]:
        return random_fields.on_grid(kept["initial"], points), random_fields.on_grid(kept["final"], points)
