"""What is kept of a simulation while it runs: frames on disk, series and histograms in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mlsci.atoms.options import SimulateOptions
from mlsci.atoms.report import WIDTH, Report
from mlsci.atoms.trajectory import Frame, writer
from mlsci.errors import MlsciError
from mlsci.science.atoms.analysis.dihedral import dihedral
from mlsci.science.atoms.analysis.radial import Radial
from mlsci.science.atoms.analysis.spectrum import Spectrum, segment_for
from mlsci.science.atoms.structure import Structure
from mlsci.science.dynamics.system import State, System

LONGEST_INTERVAL = 2.0  # fs between two velocities of the spectrum: frequencies up to 8300 cm⁻¹ are seen
FEWEST = 64  # velocities, below which there is no spectrum


class Recorder:
    """Takes every state of a simulation: writes each `every`-th, counts distances there, transforms velocities.

    Memory does not grow with the length, but for three numbers a step and replica.
    """

    def __init__(
        self, out: Path, structures: Sequence[Structure], masses: np.ndarray, options: SimulateOptions, system: System
    ):
        self.options, self.system, self.structures = options, system, list(structures)
        self.frames, self.last = 0, 0
        self._writer = writer(out, structures)
        self._radial = Radial()
        self._stride = max(1, int(LONGEST_INTERVAL / options.timestep))
        interval = self._stride * options.timestep
        count = options.steps // self._stride + 1
        self._spectrum: Spectrum | None = None
        if count >= FEWEST:
            segment = segment_for(count, interval=interval)
            self._spectrum = Spectrum(np.tile(masses, len(structures)), interval=interval, segment=segment)
        self._angles: list[np.ndarray] = []
        self._doubt = 0.0
        self._series: list[tuple[Tensor, Tensor]] = []

    def take(self, state: State) -> None:
        """One more state."""
        kinetic = self.system.kinetic(state.velocities)  # (G,)
        if state.answer.force_std is not None:
            self._doubt = max(self._doubt, float(state.answer.force_std.amax()))
        self._series.append((state.answer.energy.cpu(), kinetic.cpu()))
        if self._spectrum is not None and state.step % self._stride == 0:
            self._spectrum.add(state.velocities.cpu().numpy())
        if state.step % self.options.every == 0:
            self._frame(state)

    def _frame(self, state: State) -> None:
        answer, positions = state.answer, state.positions.cpu().numpy()
        frame = Frame(
            step=state.step,
            time=state.step * self.options.timestep,
            positions=positions,
            velocities=state.velocities.cpu().numpy(),
            forces=answer.forces.cpu().numpy(),
            energy=answer.energy.cpu().numpy(),
            temperature=self.system.temperature(state.velocities).cpu().numpy(),
            force_std=None if answer.force_std is None else answer.force_std.cpu().numpy(),
        )
        self._writer.write(frame)
        size = len(self.structures[0])
        for k, structure in enumerate(self.structures):
            self._radial.add(replace(structure, positions=positions[k * size : (k + 1) * size], forces=None))
        if self.options.turning is not None:
            places = positions.reshape(len(self.structures), size, 3)
            self._angles.append(dihedral(places[:, self.options.turning]))
        self.frames, self.last = self.frames + 1, state.step

    def values(self) -> str:
        """Time, temperature and energy of the last state, for a progress bar."""
        energy, kinetic = self._series[-1]
        time = (len(self._series) - 1) * self.options.timestep / 1000
        heat = float((kinetic / self._per_kelvin()).mean())
        return f"{time:.3f} ps · {heat:.0f} K · {float(energy.mean()):.3f} eV"

    def _per_kelvin(self) -> Tensor:
        """Kinetic energy for 1 K, (G,), eV."""
        from mlsci.science.dynamics.units import BOLTZMANN

        return self.system.freedom().cpu() * BOLTZMANN / 2

    def close(self) -> None:
        """Complete the files of the trajectory."""
        self._writer.close()

    def report(self, *, seconds: float) -> Report:
        """Series and curves of all states so far."""
        energy, kinetic = (torch.stack(parts) for parts in zip(*self._series, strict=True))  # (T, G)
        count = len(self._series)
        report = Report(
            time=np.arange(count) * self.options.timestep,
            energy=(energy + kinetic).numpy(),
            temperature=(kinetic / self._per_kelvin()).numpy(),
            atoms=len(self.structures[0]),
            bulk=all(self.structures[0].periodic),
            paths=list(self._writer.paths),
        )
        report.summary = {
            "time_ps": (count - 1) * self.options.timestep / 1000 * len(self.structures),
            "replicas": len(self.structures),
            "atoms": len(self.structures[0]),
            "cpu_seconds": seconds,
            "cpu_ms_per_step": 1000 * seconds / (count + self.options.equilibrate),
        }
        if self._doubt > 0:
            report.summary["largest_std"] = self._doubt
        if self._angles:
            report.angles = np.stack(self._angles)
        for name, make in (("rdf", self._radial.curve), ("spectrum", self._curve)):
            try:
                report.curves[name] = make()
            except MlsciError:
                continue  # a single atom has no distances, a short run no spectrum
        return report

    def _curve(self):
        if self._spectrum is None:
            raise MlsciError("too short for a spectrum")
        return self._spectrum.curve(width=WIDTH)
