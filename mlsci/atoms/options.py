"""What `mlsci simulate` and `mlsci relax` take as key=value; checked before torch is imported."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from typing import Literal

from mlsci.errors import ConfigError
from mlsci.keyvalue import option

PAYS_AFTER = 20_000  # steps
SUFFIXES = (".extxyz", ".xyz", ".npz")  # of a trajectory


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """Options of a simulation; units stand in the help."""

    steps: int = option(2000, "number of time steps")
    temperature: float = option(300.0, "K: of the thermostat, and of the velocities at the start")
    timestep: float = option(0.5, "fs")
    ensemble: Literal["langevin", "nve"] = option("langevin", "langevin: constant temperature; nve: constant energy")
    friction: float = option(1.0, "1/ps, of the Langevin thermostat")
    equilibrate: int = option(0, "Langevin steps before the first that is recorded, friction 10 /ps")
    replicas: int = option(1, "independent copies, integrated side by side")
    every: int = option(10, "steps between two frames of the trajectory")
    velocities: Literal["thermal", "file"] = option("thermal", "thermal (drawn anew) or file (of the structure's file)")
    frame: int = option(-1, "which frame of the structure's file; -1 is the last")
    seed: int = option(0, "of velocities and thermostat")
    out: str | None = option(None, "trajectory: NAME.extxyz or NAME.npz (default: beside CKPT)")
    max_force: float = option(100.0, "eV/Å: stop when a force is larger; inf: never")
    max_std: float = option(math.inf, "eV/Å: stop when an ensemble disagrees by more")
    max_temperature: float | None = option(None, "K: stop when hotter (default: 1000 + 5 temperature)")
    min_distance: float = option(0.4, "Å: stop when two atoms are nearer; 0: never")
    skin: float = option(1.0, "Å: margin of the lists of pairs")
    dihedral: str | None = option(None, "four atoms, 0,4,5,7: draw the free energy along their dihedral angle")
    reference: str | None = option(None, "NAME_curves.npz of another simulation, to compare with")
    charge: int = option(0, "e; only where CKPT is the name of a teacher: GFN2-xTB, GFN1-xTB, IPEA1-xTB")
    device: str = option("auto", "cpu, cuda, or auto")
    dtype: Literal["float32", "float64"] | None = option(None, "of the net's numbers (default: as it was trained)")
    threads: int = option(1, "of torch; more than 1 pays for hundreds of atoms")
    compile: bool | Literal["auto"] = option("auto", "compile the potential: auto does for 20,000 steps, and on a GPU")
    figures: bool = option(True, "draw energy, temperature, distances and spectrum")

    def __post_init__(self) -> None:
        bounds = {"steps": 1, "equilibrate": 0, "replicas": 1, "every": 1, "threads": 1, "seed": 0}
        messages = [
            f"{name}: expected at least {least}, got {getattr(self, name)}"
            for name, least in bounds.items()
            if getattr(self, name) < least
        ]
        positive = ["timestep", "friction", "max_force", "max_std"]
        positive += ["max_temperature"] if self.max_temperature is not None else []
        messages += [f"{n}: expected above 0, got {v:g}" for n in positive if not (v := getattr(self, n)) > 0]
        finite = [n for n in ("timestep", "friction", "skin", "temperature") if math.isinf(getattr(self, n))]
        messages += [f"{n}: expected a finite number, got {getattr(self, n):g}" for n in finite]
        least_zero = ("temperature", "min_distance", "skin")
        messages += [f"{n}: expected at least 0, got {v:g}" for n in least_zero if not (v := getattr(self, n)) >= 0]
        if self.dihedral is not None and len(self.turning or ()) != 4:
            messages.append(f"dihedral: expected four numbers of atoms as in 0,4,5,7, got {self.dihedral}")
        if self.out is not None and not self.out.endswith(SUFFIXES):
            messages.append(f"out={self.out}: expected a name that ends in {', '.join(SUFFIXES)}")
        if messages:
            raise ConfigError(messages)

    @property
    def turning(self) -> list[int] | None:
        """The four atoms of the dihedral angle; None where there is none."""
        parts = [] if self.dihedral is None else self.dihedral.split(",")
        return [int(part) for part in parts] if parts and all(part.strip().isdigit() for part in parts) else None

    def compiles(self, *, on_gpu: bool) -> bool:
        """Whether compilation is wanted: some hundred CPU-seconds for a quarter of a step's time; seconds on a GPU."""
        if self.compile != "auto":
            return self.compile
        return on_gpu or (self.steps + self.equilibrate >= PAYS_AFTER and shutil.which("g++") is not None)

    @property
    def hottest(self) -> float:
        """The largest temperature that is believed, K."""
        return 1000 + 5 * self.temperature if self.max_temperature is None else self.max_temperature


@dataclass(frozen=True, kw_only=True)
class RelaxOptions:
    """Options of a relaxation; units stand in the help."""

    fmax: float = option(0.01, "eV/Å: stop when no force is larger")
    steps: int = option(500, "stop after so many steps at the latest")
    cell: bool = option(False, "relax the cell too (periodic structures)")
    optimizer: Literal["lbfgs", "fire", "bfgs"] = option("lbfgs", "lbfgs, fire or bfgs, those of ASE")
    frame: int = option(-1, "which frame of the structure's file; -1 is the last")
    out: str | None = option(None, "relaxed structure, any format of ASE (default: NAME_relaxed.extxyz beside CKPT)")
    device: str = option("auto", "cpu, cuda, or auto")
    dtype: Literal["float32", "float64"] | None = option(None, "of the net's numbers (default: as it was trained)")
    threads: int = option(1, "of torch")

    def __post_init__(self) -> None:
        messages = [
            f"{name}: expected above 0, got {getattr(self, name):g}"
            for name in ("fmax", "steps", "threads")
            if not getattr(self, name) > 0
        ]
        if self.fmax == math.inf:
            messages.append("fmax: expected a finite number, got inf")
        if messages:
            raise ConfigError(messages)


@dataclass(frozen=True, kw_only=True)
class ProfileOptions:
    """Options of a profile along a file."""

    coordinate: str | None = option(None, "a name in the file (dihedral_angle), or 2 to 4 atoms: 0,4,5,7 is a dihedral")
    out: str | None = option(None, "NAME.csv; the figure is beside it (default: beside CKPT)")
    device: str = option("auto", "cpu, cuda, or auto")
    dtype: Literal["float32", "float64"] | None = option(None, "of the net's numbers (default: as it was trained)")

    def __post_init__(self) -> None:
        if self.out is not None and not self.out.endswith(".csv"):
            raise ConfigError(f"out={self.out}: expected a name that ends in .csv")
