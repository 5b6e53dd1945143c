"""What is kept of a simulation while it runs: frames on disk, series and histograms in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

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

    Memory does not grow with the length, but for two numbers a step and replica, and the room for them is taken at
    once: small arrays that stay would lie between the large ones that come and go with every step, and keep the room
    of those from being used again.
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
        self._angles = np.empty((options.steps // options.every + 1, len(structures)))
        self._doubt = 0.0
        self._taken = 0
        self._series = np.empty((options.steps + 1, 2, len(structures)))  # potential and kinetic energy, eV

    def take(self, state: State) -> None:
        """One more state."""
        kinetic = self.system.kinetic(state.velocities)  # (G,)
        if state.answer.force_std is not None:
            self._doubt = max(self._doubt, float(state.answer.force_std.amax()))
        self._series[self._taken] = torch.stack([state.answer.energy, kinetic]).cpu().numpy()
        self._taken += 1
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
            self._angles[self.frames] = dihedral(places[:, self.options.turning])
        self.frames, self.last = self.frames + 1, state.step

    def values(self) -> str:
        """Time, temperature and energy of the last state, for a progress bar."""
        energy, kinetic = self._series[self._taken - 1]
        time = (self._taken - 1) * self.options.timestep / 1000
        heat = float((kinetic / self._per_kelvin()).mean())
        return f"{time:.3f} ps · {heat:.0f} K · {float(energy.mean()):.3f} eV"

    def _per_kelvin(self) -> np.ndarray:
        """Kinetic energy for 1 K, (G,), eV."""
        from mlsci.science.dynamics.units import BOLTZMANN

        return self.system.freedom().cpu().numpy() * BOLTZMANN / 2

    def close(self) -> None:
        """Complete the files of the trajectory."""
        self._writer.close()

    def report(self, *, seconds: float) -> Report:
        """Series and curves of all states so far."""
        count = self._taken
        energy, kinetic = self._series[:count].transpose(1, 0, 2)  # (T, G)
        report = Report(
            time=np.arange(count) * self.options.timestep,
            energy=energy + kinetic,
            temperature=kinetic / self._per_kelvin(),
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
        if self.options.turning is not None:
            report.angles = self._angles[: self.frames]
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
