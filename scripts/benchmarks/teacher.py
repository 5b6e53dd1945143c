"""A potential against its teacher: distances and vibrational spectrum of GFN2-xTB dynamics and of what learned it.

    mlsci train experiment=atoms/xtb data.molecule=ethanol
    python scripts/benchmarks/teacher.py runs/atoms/xtb/.../checkpoints/best.ckpt --molecule ethanol

Three simulations with the same settings: the teacher, the teacher with other velocities, and the potential with others
again. The overlap of the two teachers is what the length of the simulations allows at best.

A thermostat goes on during the simulations. Without it a free molecule keeps its energy for picoseconds in the
vibrations where it was at the start, and spectra differ by the luck of the start. Friction broadens lines by
friction / 2πc: 27 cm⁻¹ at 5 /ps.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from mlsci.atoms.files import Start, start_of
from mlsci.atoms.options import SimulateOptions
from mlsci.atoms.potential import PotentialField, check_elements, device_of, open_potential
from mlsci.atoms.report import Report
from mlsci.atoms.simulation import run
from mlsci.science.atoms.analysis.curve import overlap
from mlsci.science.atoms.named import named
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.xtb import relaxed
from mlsci.science.atoms.xtb_md import Teacher
from mlsci.science.dynamics.system import Answer

BAR = 0.97


class Teachers:
    """The teacher as the field of several replicas."""

    def __init__(self, structures: Sequence[Structure]) -> None:
        self.each = [Teacher(one) for one in structures]
        self.atoms = [len(one) for one in structures]

    def __call__(self, positions: Tensor) -> Answer:
        """Energies (G,) and forces (A, 3) at positions (A, 3)."""
        parts = [teacher(part) for teacher, part in zip(self.each, positions.split(self.atoms), strict=True)]
        return Answer(
            torch.cat([part.energy for part in parts]),
            torch.cat([part.forces for part in parts]),
            shortest=min(part.shortest for part in parts),
        )


def simulations(arguments: argparse.Namespace) -> dict[str, Report]:
    """The three simulations; figures of the last two show the first beside them."""
    start = relaxed_start(arguments.molecule)
    potential = open_potential(arguments.checkpoint)
    check_elements(potential, [start.structure])
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    options = SimulateOptions(
        steps=round(1000 * arguments.picoseconds / arguments.timestep),
        timestep=arguments.timestep,
        temperature=arguments.temperature,
        ensemble="langevin",
        friction=arguments.friction,
        equilibrate=round(1000 * arguments.equilibrate / arguments.timestep),
        replicas=arguments.replicas,
        every=20,
    )
    if options.compiles(on_gpu=device_of(potential).type == "cuda"):
        potential.compile_answers()
    first = run(Teachers, start, replace(options, seed=1), out=out / "teacher.npz")
    beside = replace(options, reference=str(out / "teacher_curves.npz"))
    second = run(Teachers, start, replace(beside, seed=2), out=out / "teacher_again.npz")
    student = run(
        lambda structures: PotentialField(potential, structures),
        start,
        replace(beside, seed=3),
        out=out / "student.npz",
    )
    return {"teacher": first, "teacher again": second, "potential": student}


def relaxed_start(name: str) -> Start:
    """The molecule of that name in a minimum of the teacher."""
    return start_of(replace(relaxed(named(name)), energy=None, forces=None).to_ase())


def main() -> None:
    """Simulate, compare, print, and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="best.ckpt of experiment=atoms/xtb")
    parser.add_argument("--molecule", default="ethanol", help="as in data.molecule")
    parser.add_argument("--temperature", type=float, default=300.0, help="K")
    parser.add_argument("--picoseconds", type=float, default=100.0, help="of each replica")
    parser.add_argument("--friction", type=float, default=5.0, help="of the thermostat, 1/ps")
    parser.add_argument("--equilibrate", type=float, default=2.0, help="ps before")
    parser.add_argument("--timestep", type=float, default=0.5, help="fs")
    parser.add_argument("--replicas", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("runs/teacher"), help="folder of trajectories and figures")
    arguments = parser.parse_args()
    reports = simulations(arguments)
    known = reports["teacher"].curves
    found = {
        who: {name: overlap(report.curves[name], known[name]) for name in sorted(report.curves.keys() & known.keys())}
        for who, report in reports.items()
        if who != "teacher"
    }
    (arguments.out / "overlap.json").write_text(json.dumps(found, indent=1))
    print(f"{'overlap with the teacher':28}" + "".join(f"{name:>12}" for name in next(iter(found.values()))))
    for who, values in found.items():
        print(f"{who:28}" + "".join(f"{value:12.4f}" for value in values.values()))
    print(f"{'bar':28}" + "".join(f"{BAR:12.4f}" for _ in next(iter(found.values()))))


if __name__ == "__main__":
    main()
