"""`simulate`: molecular dynamics with a potential, from a structure to trajectory, summary and figures."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mlsci.atoms.files import Start, read_start, start_of
from mlsci.atoms.observers import Recorder
from mlsci.atoms.options import SimulateOptions
from mlsci.atoms.potential import PotentialField, check_elements, device_of, open_potential
from mlsci.atoms.progress import Bar
from mlsci.atoms.report import Report, read_curves
from mlsci.atoms.teacher import METHODS, TeacherField
from mlsci.clock import process_seconds
from mlsci.errors import ConfigError, Interrupted, MlsciError
from mlsci.science.atoms.structure import Structure
from mlsci.science.dynamics.langevin import Langevin
from mlsci.science.dynamics.limits import Exploded, Limits
from mlsci.science.dynamics.simulation import Integrator, states
from mlsci.science.dynamics.system import Field, State, System, begin
from mlsci.science.dynamics.velocities import maxwell_boltzmann
from mlsci.science.dynamics.verlet import Verlet
from mlsci.signals import handled

MakeField = Callable[[Sequence[Structure]], Field]
EQUILIBRATION_FRICTION = 10.0  # 1/ps
HINT = "a shorter timestep, a lower temperature, or a potential trained on more of such structures may help"


def simulate(
    source: Any, structure: Any, options: SimulateOptions | None = None, *, trust: Sequence[str] = ()
) -> Report:
    """Molecular dynamics; the trajectory is written while it runs.

    Args:
        source: path of a checkpoint, or a potential (see `mlsci.atoms.potential.Potential`), or GFN2-xTB, GFN1-xTB,
            IPEA1-xTB: the tight binding that teaches a potential, by tblite.
        structure: path of a file that ASE reads, or ase.Atoms.
        options: how long, how hot, where to; see `SimulateOptions`.
        trust: packages outside mlsci whose classes the checkpoint may build.

    Raises:
        ConfigError: options that make no sense.
        MlsciError: what cannot be read or written, unknown elements, and a simulation that exploded or was told to
            stop: trajectory and summary up to there are kept, and their path named.
    """
    options = options or SimulateOptions()
    start = read_start(structure, frame=options.frame) if isinstance(structure, str | Path) else start_of(structure)
    if options.reference:
        read_curves(Path(options.reference))
    out = place(options, source=source, structure=structure)
    if source in METHODS:
        if options.dtype is not None:
            raise ConfigError(f"dtype: only of a checkpoint's net; {source} computes in float64")
        teacher = partial(TeacherField, method=source, charge=options.charge)
        return run(teacher, start, options, out=out)
    if options.charge:
        raise ConfigError("charge: only tight binding takes one; a checkpoint has learned its molecules with theirs")
    potential = open_potential(source, trust=trust, device=options.device, dtype=options.dtype)
    name = str(structure) if isinstance(structure, str | Path) else "structure"
    check_elements(potential, [start.structure], name=name)
    if options.compiles(on_gpu=device_of(potential).type == "cuda") and hasattr(potential, "compile_answers"):
        potential.compile_answers()
    pupil = partial(PotentialField, potential, skin=options.skin)
    return run(pupil, start, options, out=out, device=device_of(potential))


def place(options: SimulateOptions, *, source: Any, structure: Any) -> Path:
    """Where the trajectory goes: `out`, or beside the checkpoint under the name of the structure."""
    stem = Path(structure).stem if isinstance(structure, str | Path) else "structure"
    folder = Path(source).parent if isinstance(source, str | Path) else Path()
    out = Path(options.out) if options.out else folder / f"{stem}_{options.ensemble}.extxyz"
    if isinstance(structure, str | Path) and out.resolve() == Path(structure).resolve():
        raise ConfigError(f"out={out}: is the structure itself; it would be overwritten")
    return out


def run(
    make_field: MakeField, start: Start, options: SimulateOptions, *, out: Path, device: torch.device | None = None
) -> Report:
    """The same for any forces: `make_field` makes them for a list of structures, one a replica.

    Nothing is written before the first state has passed the limits. A signal ends the steps of equilibration as well,
    of which nothing is kept.
    """
    told: list[int] = []

    def note(signum: int, frame: Any) -> None:
        told.append(signum)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second one ends at once

    with handled(note):
        return _run(make_field, start, options, out=out, device=device, told=told)


def _run(
    make_field: MakeField,
    start: Start,
    options: SimulateOptions,
    *,
    out: Path,
    device: torch.device | None,
    told: list[int],
) -> Report:
    """`told`: the signals so far."""
    if options.turning is not None and max(options.turning) >= len(start.structure):
        raise ConfigError(f"dihedral={options.dihedral}: the atoms are 0 to {len(start.structure) - 1}")
    torch.set_num_threads(options.threads)
    began = process_seconds()
    structures = [start.structure] * options.replicas
    field = make_field(structures)
    random = torch.Generator(device=device or "cpu").manual_seed(options.seed)
    system = system_of(start, options, device=device)
    state = _first(start, options, system=system, field=field, random=random, told=told)
    limits = _limits(options)
    _check_first(state, system, limits)
    recorder = Recorder(out, structures, start.masses, options, system)
    path = states(
        state, system=system, integrator=_integrator(options, random), field=field, steps=options.steps, limits=limits
    )
    stopped: Exploded | Interrupted | None = None
    with Bar("simulating", options.steps) as bar:
        try:
            for state in path:
                recorder.take(state)
                if told and state.step < options.steps:
                    stopped = Interrupted(told[0])
                    break
                if bar.due():
                    bar.draw(state.step, recorder.values())
            bar.draw(state.step, recorder.values())
        except Exploded as error:
            stopped = error
        finally:
            recorder.close()
    report = recorder.report(seconds=process_seconds() - began)
    report.summary["pairs_rebuilt"] = getattr(getattr(field, "pairs", None), "rebuilds", 0)
    report.settle(options)
    report.summary["stopped"] = str(stopped) if stopped else None
    report.write(out.with_suffix(""), options)
    if stopped is None:
        return report
    kept = f"{recorder.frames} frames up to step {recorder.last} are kept in {report.paths[0]}"
    if isinstance(stopped, Interrupted):
        raise Interrupted(stopped.signum, kept=kept)
    raise MlsciError(f"stopped: {stopped}; {kept}; {HINT}") from stopped


def system_of(start: Start, options: SimulateOptions, *, device: torch.device | None = None) -> System:
    """The replicas; at constant energy their momentum stays zero, which takes three degrees of freedom."""
    count = len(start.structure)
    fixed = 3 if options.ensemble == "nve" and count > 1 else 0
    masses = torch.as_tensor(start.masses, dtype=torch.float64).repeat(options.replicas)
    replica = torch.arange(options.replicas).repeat_interleave(count)
    return System(masses=masses.to(device), replica=replica.to(device), constrained=fixed)


def _check_first(state: State, system: System, limits: Limits) -> None:
    try:
        limits.check(state, system)
    except Exploded as error:
        raise MlsciError(f"the structure cannot be simulated: {error}") from error


def _limits(options: SimulateOptions) -> Limits:
    return Limits(
        max_force=options.max_force,
        max_std=options.max_std,
        max_temperature=options.hottest,
        min_distance=options.min_distance,
    )


def _integrator(options: SimulateOptions, random: torch.Generator) -> Integrator:
    if options.ensemble == "nve":
        return Verlet(timestep=options.timestep)
    return Langevin(
        timestep=options.timestep, temperature=options.temperature, friction=options.friction, generator=random
    )


def _first(
    start: Start,
    options: SimulateOptions,
    *,
    system: System,
    field: Field,
    random: torch.Generator,
    told: Sequence[int],
) -> State:
    """Positions and velocities of step 0, after the steps of equilibration."""
    positions = torch.as_tensor(np.tile(start.structure.positions, (options.replicas, 1))).to(system.masses.device)
    velocities = _velocities(start, options, system=system, random=random)
    state = begin(positions, velocities, field=field)
    if not options.equilibrate:
        return state
    hot = replace(options, ensemble="langevin", friction=EQUILIBRATION_FRICTION)
    path = states(
        state,
        system=system,
        integrator=_integrator(hot, random),
        field=field,
        steps=options.equilibrate,
        limits=_limits(options),
    )
    with Bar("equilibrating", options.equilibrate) as bar:
        try:
            for state in path:
                if told:
                    raise Interrupted(told[0], kept="it was equilibrating, of which nothing is kept")
                if bar.due():
                    bar.draw(state.step, f"{float(system.temperature(state.velocities).mean()):.0f} K")
        except Exploded as error:
            raise MlsciError(f"stopped while equilibrating: {error}; {HINT}") from error
    velocities = state.velocities
    if system.constrained:
        masses = system.masses[:, None]
        drift = system.total(masses * velocities) / system.total(masses)  # (G, 3)
        velocities = velocities - drift[system.replica]
    return replace(state, velocities=velocities, step=0)


def _velocities(start: Start, options: SimulateOptions, *, system: System, random: torch.Generator) -> torch.Tensor:
    if options.velocities == "file":
        if start.velocities is None:
            raise ConfigError("velocities=file: the structure's file has none")
        return torch.as_tensor(np.tile(start.velocities, (options.replicas, 1))).to(system.masses.device)
    single = int(system.atoms.min()) < 2
    exact = options.ensemble == "nve" and not single
    return maxwell_boltzmann(system, options.temperature, generator=random, momentum=single, exact=exact)
