"""What is known at the end of a simulation: numbers, curves and figures, beside the trajectory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlsci.atoms.options import SimulateOptions
from mlsci.errors import MlsciError
from mlsci.science.atoms.analysis.curve import Curve, overlap
from mlsci.science.atoms.analysis.dihedral import free_energy
from mlsci.science.atoms.analysis.thermo import drift, mean_with_error

WIDTH = 20.0  # cm⁻¹: spectra are broadened by a Gaussian of this full width at half maximum


@dataclass(eq=False, kw_only=True)
class Report:
    """The outcome of a simulation.

    Attributes:
        time: of every step, (T,), fs.
        energy: potential and kinetic, (T, G), eV.
        temperature: (T, G), K.
        angles: of the dihedral that was asked for, (frames, G), degrees.
        curves: "rdf" (Å) and "spectrum" (cm⁻¹), where there was enough to make them.
        summary: plain numbers by name, with units in `UNITS`.
        paths: the trajectory, and what lies beside it.
    """

    time: np.ndarray
    energy: np.ndarray
    temperature: np.ndarray
    atoms: int
    bulk: bool
    angles: np.ndarray | None = None
    curves: dict[str, Curve] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    paths: list[Path] = field(default_factory=list)
    figures: list[Path] = field(default_factory=list)

    def settle(self, options: SimulateOptions) -> None:
        """Work out the numbers of the summary."""
        mean, error = mean_with_error(self.temperature)
        self.summary |= {"steps": len(self.time) - 1, "temperature": mean, "temperature_error": error}
        if options.ensemble == "nve" and len(self.time) > 1:
            slopes = self.drift()
            self.summary |= {"drift": float(slopes.mean()), "largest_drift": float(np.abs(slopes).max())}
        if options.reference:
            known = read_curves(Path(options.reference))
            both = self.curves.keys() & known.keys()
            self.summary |= {f"overlap_{name}": overlap(self.curves[name], known[name]) for name in sorted(both)}

    def drift(self) -> np.ndarray:
        """Of each replica, (G,), meV an atom and ps."""
        return drift(self.time, self.energy, atoms=self.atoms)

    def write(self, stem: Path, options: SimulateOptions) -> None:
        """NAME.json, NAME_curves.npz, and the figures."""
        path = stem.with_name(f"{stem.name}.json")
        known = {name: (None if value != value else value) for name, value in self.summary.items()}  # JSON has no NaN
        path.write_text(json.dumps({**known, "options": _plain(options)}, indent=1) + "\n")
        if self.angles is not None:
            np.savetxt(stem.with_name(f"{stem.name}_dihedral.csv"), self.angles, delimiter=",", fmt="%.6g")
        curves = stem.with_name(f"{stem.name}_curves.npz")
        arrays: dict[str, Any] = {f"{name}_x": curve.x for name, curve in self.curves.items()}
        arrays |= {f"{name}_y": curve.y for name, curve in self.curves.items()}
        np.savez(curves, **arrays)
        self.paths += [path, curves]
        if options.figures:
            self.draw(stem, options)

    def draw(self, stem: Path, options: SimulateOptions) -> None:
        """Save the figures that there is something to draw for."""
        from mlsci.plots import densities, trajectory
        from mlsci.plots.profile import profile

        made: dict[str, Any] = {}
        time, langevin = self.time / 1000, options.ensemble == "langevin"
        known = read_curves(Path(options.reference)) if options.reference else {}
        if "drift" in self.summary:
            meV = 1000 * self.energy / self.atoms
            made["energy"] = trajectory.energy_drift(time, meV, drift=self.drift())
        if len(time) > 1:
            target = options.temperature if langevin else None
            mean = self._temperature(1)
            made["temperature"] = trajectory.temperature_trace(time, self.temperature, target=target, mean=mean)
        if self.angles is not None:
            middles, energy = free_energy(self.angles, self.summary["temperature"])
            label = f"dihedral angle {'-'.join(map(str, options.turning or ()))} (degrees)"
            made["dihedral"] = profile(middles, {"model": energy}, label=label, what="free energy")
        for name, curve in self.curves.items():
            shown = {"model": (curve.x, curve.y)}
            if name in known:
                shown["reference"] = (known[name].x, known[name].y)
            both = self.summary.get(f"overlap_{name}")
            if name == "rdf":
                made[name] = densities.radial(shown, bulk=self.bulk, overlap=both)
            else:
                made[name] = densities.spectrum(shown, overlap=both)
        for name, figure in made.items():
            self.figures.append(stem.with_name(f"{stem.name}_{name}.png"))
            figure.savefig(self.figures[-1], dpi=150)

    def _temperature(self, digits: int) -> str:
        """Mean and error, where the run is long enough for one."""
        mean, error = self.summary["temperature"], self.summary["temperature_error"]
        return f"{mean:.{digits}f}" + (f" ± {error:.{digits}f}" if error == error else "")

    def lines(self) -> list[str]:
        """The closing summary for a terminal."""
        found = self.summary
        rows = [(_kind(path), str(path)) for path in self.paths]
        rows += [("figure", str(path)) for path in self.figures]
        rows.append(("steps", f"{found['steps']} of {found['time_ps']:.4g} ps in all"))
        rows.append(("temperature", f"{self._temperature(2)} K"))
        if "largest_std" in found:
            rows.append(("uncertain", f"forces by {found['largest_std']:.3g} eV/Å at most"))
        if "drift" in found:
            worst = f", largest of a replica {found['largest_drift']:.3g}" if self.energy.shape[1] > 1 else ""
            rows.append(("drift", f"{found['drift']:+.3g} meV/atom/ps{worst}"))
        rows += [(name.replace("_", " "), f"{v:.4f}") for name, v in found.items() if name.startswith("overlap")]
        pace = f"{found['cpu_ms_per_step']:.3g} CPU ms a step, {found['pairs_rebuilt']} lists of pairs made"
        rows.append(("CPU time", f"{found['cpu_seconds']:.1f} s, {pace}"))
        return [f"{name:<12}{text}" for name, text in rows]


def _kind(path: Path) -> str:
    if path.suffix == ".json":
        return "summary"
    return "curves" if path.name.endswith("_curves.npz") else "trajectory"


def _plain(options: SimulateOptions) -> dict[str, Any]:
    """Options as JSON holds them: infinity as a word."""
    return {name: str(value) if value == float("inf") else value for name, value in vars(options).items()}


def read_curves(path: Path) -> dict[str, Curve]:
    """The curves of a simulation by name.

    Raises:
        MlsciError: no such file, or another one.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            names = [name.removesuffix("_x") for name in found if name.endswith("_x")]
            return {name: Curve(found[f"{name}_x"], found[f"{name}_y"]) for name in names}
    except FileNotFoundError as error:
        raise MlsciError(f"reference={path}: no such file") from error
    except Exception as error:  # damage can show in any way
        raise MlsciError(f"reference={path}: not the curves of a simulation (NAME_curves.npz)") from error
