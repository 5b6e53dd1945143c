"""What the scripts of all potentials share: their job, the frames, CPU time, and the pace of a training."""

import json
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]
BEGAN: list[float] = []  # CPU seconds when the job began, imports done


@dataclass(frozen=True)
class Job:
    """One measurement.

    Args:
        kind: "step", "frame", "calculator" or "train".
        mode: "eager", or how the package compiles.
        files: extxyz files of "train", "valid" and "test".
        overrides: of `mlsci train`, which draws the same frames itself.
        elements: atomic numbers.
        energies: of free atoms plus the mean binding energy of an atom, in the order of `elements`, eV.
        scale: root mean square of a training force component, eV/Å.
        neighbours: mean number of neighbours of an atom.
        cutoff: Å.
        batch: frames in a training step.
        seconds: CPU seconds of a training.
        seed: of weights and batches.
        warmup: calls that are not timed.
        calls: that are timed.
        out: the JSON file to write.
    """

    kind: str
    mode: str
    files: dict[str, str]
    overrides: list[str]
    elements: list[int]
    energies: list[float]
    scale: float
    neighbours: float
    cutoff: float
    batch: int
    seconds: float
    seed: int
    warmup: int
    calls: int
    out: str

    def frames(self, part: str) -> list[ase.Atoms]:
        """The frames of a part, with energies and forces."""
        return ase.io.read(self.files[part], ":")

    def offset(self, atoms: ase.Atoms) -> float:
        """The energy that nobody has to learn, eV."""
        by_element = dict(zip(self.elements, self.energies, strict=True))
        return float(sum(by_element[number] for number in atoms.numbers))

    def write(self, found: dict[str, Any]) -> None:
        """Hand the result back."""
        Path(self.out).write_text(json.dumps(found))


def begin() -> Job:
    """The job that the benchmark names on the command line, on one thread."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    task = Job(**json.loads(Path(sys.argv[1]).read_text()))
    torch.manual_seed(task.seed)
    np.random.seed(task.seed)
    BEGAN.append(cpu())
    return task


def cpu() -> float:
    """CPU seconds of this process and of its children, such as compilers."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def milliseconds(task: Job, call: Callable[[int], object]) -> dict[str, float]:
    """Median CPU time of a call that gets its number; CPU seconds of building, compiling and first calls before it."""
    for number in range(task.warmup):
        call(number)
    before, times = cpu() - BEGAN[-1], []
    for number in range(task.warmup, task.warmup + task.calls):
        start = cpu()
        call(number)
        times.append(1e3 * (cpu() - start))
    return {"ms": float(np.median(times)), "before_s": before}


def shaken(task: Job) -> Callable[[int], ase.Atoms]:
    """The first test frame with atoms moved a little, another way for each number, as dynamics would."""
    frame = task.frames("test")[0]
    generator = np.random.default_rng(0)
    moves = 0.01 * generator.standard_normal((8, len(frame), 3))  # Å
    start = frame.positions.copy()

    def moved(number: int) -> ase.Atoms:
        frame.positions[:] = start + moves[number % len(moves)]
        return frame

    return moved


def through_calculator(task: Job, calculator: Any) -> dict[str, float]:
    """Energy and forces as ASE asks for them, the neighbour list included."""
    frames = shaken(task)

    def call(number: int) -> None:
        atoms = frames(number)
        atoms.calc = calculator
        atoms.get_potential_energy()
        atoms.get_forces()

    return milliseconds(task, call)


class Pace:
    """CPU time of a training, and the learning rate that follows it: full for a quarter, then linearly to zero.

    The time of the first step, which compiles, counts, but the rate follows what is left after it.
    """

    def __init__(self, task: Job, optimizer: torch.optim.Optimizer):
        self.seconds, self._optimizer = task.seconds, optimizer
        self._rates = [group["lr"] for group in optimizer.param_groups]
        self.steps, self._began, self.first = 0, cpu(), 0.0

    @property
    def spent(self) -> float:
        """CPU seconds since the first step began."""
        return cpu() - self._began

    @property
    def progress(self) -> float:
        """0 after the first step, 1 where the time is up."""
        return min(max(self.spent - self.first, 0.0) / max(self.seconds - self.first, 1e-9), 1.0)

    def step(self) -> bool:
        """After every optimizer step; true while time is left."""
        self.steps += 1
        if self.steps == 1:
            self.first = self.spent
        factor = min((1 - self.progress) / 0.75, 1.0)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * max(factor, 1e-6)
        return self.spent < self.seconds

    def summary(self) -> dict[str, float]:
        """For the report."""
        return {"train_s": self.spent, "first_s": self.first, "steps": self.steps}


def forever(batches: Iterable[Any]) -> Iterator[Any]:
    """Epoch after epoch."""
    while True:
        yield from batches


def errors(predicted: list[tuple[float, Array]], frames: list[ase.Atoms]) -> dict[str, float]:
    """Root mean square errors of energies (meV, and meV an atom) and of force components (meV/Å)."""
    energy = np.array([found[0] - atoms.get_potential_energy() for found, atoms in zip(predicted, frames, strict=True)])
    forces = np.concatenate([found[1] - atoms.get_forces() for found, atoms in zip(predicted, frames, strict=True)])
    counts = np.array([len(atoms) for atoms in frames])
    return {
        "energy_rmse": 1e3 * float(np.sqrt(np.mean(energy**2))),
        "energy_rmse_atom": 1e3 * float(np.sqrt(np.mean((energy / counts) ** 2))),
        "force_rmse": 1e3 * float(np.sqrt(np.mean(forces**2))),
    }
