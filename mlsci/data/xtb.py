"""Reference data made on the spot: GFN2-xTB dynamics of a molecule that needs nothing but a name."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from torch.utils.data import Dataset

from mlsci.data import made_up
from mlsci.data.ase_files import Labels, read
from mlsci.data.download import data_dir
from mlsci.data.frames import Frames
from mlsci.data.refilled import Refilled
from mlsci.errors import ConfigError, DownloadError
from mlsci.science.atoms.named import named
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.xtb import isolated, label, relaxed
from mlsci.science.atoms.xtb_md import Sampling, sample

VERSION = 1  # of what is computed: another one makes all files anew


@dataclass(kw_only=True, eq=False)
class XTB(Frames):
    """Frames of Langevin dynamics on the surface of GFN2-xTB, with its energies and forces.

    Training and test frames come from two trajectories that share nothing but their start. They are computed once
    (ethanol 300 steps a second, aspirin 50) and kept in the data folder, in files whose names hold a key over
    everything that they depend on.

    Args:
        molecule: a name (ethanol, aspirin, acetylacetone, ...) or a formula of ASE's G2 set (CH3CH2OH).
        path: a file with the structure to start from instead, molecule or crystal; the last frame counts.
        charge: of the whole, in elementary charges.
        method: GFN2-xTB, GFN1-xTB or IPEA1-xTB.
        temperature: K.
        frames: of the training trajectory, validation included.
        test_frames: of the test trajectory.
        test_temperature: K; null: as in training.
        interval: fs between frames.
        timestep: fs.
        friction: of the thermostat, 1/ps.
        equilibration: fs before the first frame.
        sampling_seed: of velocities and thermostat.
        samples: training samples an epoch, however many frames there are; null: each frame once.
    """

    molecule: str = "ethanol"
    path: str | None = None
    charge: int = 0
    method: str = "GFN2-xTB"
    temperature: float = 300.0
    frames: int = 500
    test_frames: int = 200
    test_temperature: float | None = None
    interval: float = 20.0
    timestep: float = 1.0
    friction: float = 20.0
    equilibration: float = 1000.0
    sampling_seed: int = 0
    samples: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.remarks: dict[str, Any] = {}  # for figures
        self._plans = {
            "train": self._plan(self.frames, self.temperature),
            "test": self._plan(self.test_frames, self.test_temperature or self.temperature),
        }

    def prepare_data(self) -> None:
        """Compute what is not in the data folder yet."""
        for part in self._plans:
            path = self.file(part)
            if not path.is_file():
                if self.files is not None:
                    raise DownloadError(f"data.files: {path}: no such file; data.files=null computes it")
                write(path, self._computed(part))

    def structures(self) -> Mapping[str, Sequence[Structure]]:
        """Both trajectories; the isolated atoms stand before the frames of the first."""
        return {part: read(self.file(part), labels=Labels(), key="data.files") for part in self._plans}

    def datasets(self) -> Mapping[str, Dataset]:
        """The parts; with `samples` the training part fills epochs of that length, and can grow."""
        parts = dict(super().datasets())
        if self.samples is not None:
            parts["train"] = Refilled(parts["train"], samples=self.samples)  # type: ignore[arg-type]
        return parts

    def notes(self) -> Mapping[str, Any]:
        """What others have to say to the figures."""
        return self.remarks

    @property
    def labelled(self) -> list[Structure]:
        """The training frames, each once."""
        return self.split("train").structures  # type: ignore[attr-defined]

    def label(self, structures: Sequence[Structure]) -> list[Structure]:
        """The structures with energies and forces of the same method."""
        return label(structures, method=self.method, charge=self.charge)

    def grow(self, structures: Sequence[Structure]) -> None:
        """Add labelled frames to the training part, after `setup`.

        Raises:
            ConfigError: the length of epochs is not fixed.
        """
        train = self.split("train")
        if not isinstance(train, Refilled):
            raise ConfigError("data.samples: a training set can only grow in epochs of fixed length; say how long")
        train.grow(structures)

    def fake(self, folder: Path) -> None:
        """Shaken frames with labels of a pair potential, in the files of the real ones."""
        draw, start = np.random.default_rng(0), self.start()
        for part, plan in self._plans.items():
            shaken = [
                replace(start, positions=start.positions + 0.05 * draw.normal(size=start.positions.shape))
                for _ in range(min(plan.frames, 60))
            ]
            alone = made_up.single_atoms(np.unique(start.numbers).tolist()) if part == "train" else []
            made_up.write(folder / self._name(part), [*alone, *map(made_up.labelled, shaken)])

    def start(self) -> Structure:
        """What the dynamics begins from, before it is relaxed."""
        if self.path is None:
            return named(self.molecule)
        from ase.io import read as read_any

        if not Path(self.path).is_file():
            raise ConfigError(f"data.path: no such file: {self.path}")
        found = Structure.from_ase(read_any(self.path, index=-1))  # type: ignore[arg-type]
        return replace(found, energy=None, forces=None, stress=None, info={})

    def file(self, part: str) -> Path:
        """Where the frames of "train" or "test" are."""
        return (Path(self.files) if self.files is not None else data_dir()) / self._name(part)

    def _plan(self, frames: int, temperature: float) -> Sampling:
        return Sampling(
            temperature=temperature,
            frames=frames,
            interval=self.interval,
            timestep=self.timestep,
            friction=self.friction,
            equilibration=self.equilibration,
        )

    def _seed(self, part: str) -> int:
        return 2 * self.sampling_seed + (part == "test")

    def _name(self, part: str) -> str:
        """xtb/ethanol_300K_<key>.xyz; the key changes with everything that the frames depend on."""
        start, plan = self.start(), self._plans[part]
        told = {
            "version": VERSION,
            "method": self.method,
            "charge": self.charge,
            "numbers": start.numbers.tolist(),
            "positions": start.positions.round(6).tolist(),
            "cell": start.cell.round(6).tolist() if any(start.periodic) else None,
            "periodic": list(start.periodic),
            "sampling": {name: float(value) for name, value in asdict(plan).items()},
            "seed": self._seed(part),
        }
        key = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]
        stem = self.molecule if self.path is None else Path(self.path).stem
        return f"xtb/{stem}_{plan.temperature:g}K_{key}.xyz"

    def _computed(self, part: str) -> list[Structure]:
        """Isolated atoms (of the training part) and the frames of a trajectory."""
        plan, start = self._plans[part], self.start()
        alone = isolated(start.numbers, method=self.method) if part == "train" else {}
        atoms = [
            Structure(
                numbers=np.array([number]),
                positions=np.zeros((1, 3)),
                energy=energy,
                forces=np.zeros((1, 3)),
                info={"config_type": "isolated_atom"},
            )
            for number, energy in alone.items()
        ]
        start = relaxed(start, method=self.method, charge=self.charge)
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
            bar = progress.add_task(f"{self.method}: {self._name(part)}", total=plan.frames)
            frames = sample(
                start,
                plan,
                seed=self._seed(part),
                method=self.method,
                charge=self.charge,
                tick=lambda count: progress.update(bar, completed=count),
            )
        return [*atoms, *frames]


def write(path: Path, frames: Sequence[Structure]) -> None:
    """Frames as an extxyz file; a run that is killed leaves no half a file."""
    from ase.io import write

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    write(part, [one.to_ase() for one in frames], format="extxyz")
    os.replace(part, path)
