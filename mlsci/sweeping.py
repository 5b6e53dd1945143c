"""A sweep: every job a process and a folder of its own; one that was stopped goes on where it stood."""

import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import yaml

from mlsci import config, given, groups, leftover, record
from mlsci.continuing import CHANGEABLE, make_ready
from mlsci.errors import ConfigError, Interrupted
from mlsci.record import RunFolder
from mlsci.signals import end_at_once, handled

CHECKED_JOBS = 64  # of a sweep; the rest differ in values only, and each is checked again when it starts
PLAN = "sweep.yaml"  # in the folder of a sweep: what was typed, for the jobs that have not started yet


def check_jobs(overrides: Sequence[str], config_dirs: Sequence[str], params: Sequence[str] = ()) -> int:
    """Check every combination of a sweep before the first job starts; return their number."""
    jobs = config.combinations([*params, *overrides])
    messages: list[str] = []
    for job in jobs[:CHECKED_JOBS]:
        try:
            config.explain(job, config_dirs)
        except ConfigError as error:
            messages += error.messages
    if messages:
        raise ConfigError(list(dict.fromkeys(messages)))
    return len(jobs)


def sweep(overrides: Sequence[str], config_dirs: Sequence[str], composed: config.Composed) -> int:
    """Hydra's multirun; a failing job stops nobody."""
    plain_sweeper = composed.choices_hydra.get("hydra/sweeper", "basic") == "basic"
    typed = {text.split("=", 1)[0] for text in overrides}
    params = [f"{key}={value}" for key, value in composed.sweeps.items() if key not in typed]
    count = check_jobs(overrides, config_dirs, params) if plain_sweeper else None
    values = config.plain(composed.config)
    swept = any("," in text for text in overrides if text.startswith(("experiment=", "data=", "model=")))
    name = "sweeps" if swept else composed.experiment
    place = record.folder_for(values, experiment=name, overrides=overrides).absolute()
    if place.exists() and any(place.iterdir()):
        raise ConfigError(f"run.name: {place} exists already; choose another run.name, or: mlsci resume {place}")
    print(f"sweep       {place}" + (f"  ({count} jobs)" if count else ""), flush=True)
    if plain_sweeper:  # another one chooses its jobs as it goes
        _keep(place, overrides, config_dirs)
    return _until_done(place, lambda: _launch(overrides, config_dirs, _Job(place, places=groups.folders(config_dirs))))


def resume(place: Path, changes: Sequence[str]) -> int:
    """Continue every job that has not finished, and start those that have not started.

    Raises:
        ConfigError: no run there, one that is still running, or a value that cannot change.
    """
    place = place.absolute()
    plan = place / PLAN
    jobs = _jobs(place)
    if not jobs and not plan.is_file():
        raise ConfigError(f"{place}: no run folder (it has no provenance.json)")
    due = [job for job in jobs if changes or job.status["state"] != "finished"]
    for job in due:
        make_ready(job, changes)
    if not plan.is_file():
        return _until_done(place, lambda: [run_and_wait(job) for job in due])
    typed = yaml.safe_load(plan.read_text())
    folders = groups.folders(typed["config_dirs"])
    again = _Job(place, places=folders, due={job.path.resolve() for job in due}, changes=changes)
    return _until_done(place, lambda: _launch(typed["overrides"], typed["config_dirs"], again))


def _keep(place: Path, overrides: Sequence[str], config_dirs: Sequence[str]) -> None:
    """Write the plan, which holds from any working directory."""
    local = ["configs"] if Path("configs").is_dir() else []
    folders = [str(Path(folder).absolute()) for folder in (*config_dirs, *local)]
    try:
        place.mkdir(parents=True, exist_ok=True)
        RunFolder(place).write_yaml(PLAN, {"overrides": list(overrides), "config_dirs": folders})
    except OSError as error:
        raise ConfigError(f"run.dir: {place} cannot be written: {error.strerror or error}") from error


class _Job:
    """What Hydra calls for each job of a sweep.

    Args:
        place: of the sweep.
        places: the config folders.
        due: folders of jobs that go on; others that are there are left alone.
        changes: values for the jobs that start now, as `make_ready` gave them to the others.
    """

    __module__ = "mlsci.sweeping"

    def __init__(self, place: Path, *, places: Sequence[Path], due: Collection[Path] = (), changes: Sequence[str] = ()):
        self.place = place
        self.places = places
        self.due = due
        self.changes = changes
        self.__name__ = "job"

    def __call__(self, composed: Any) -> dict[str, Any]:
        from hydra.core.hydra_config import HydraConfig

        hydra = HydraConfig.get()
        folder = RunFolder(hydra.runtime.output_dir)
        begun = (folder.path / "provenance.json").is_file()
        if begun and folder.path.resolve() not in self.due:
            return {"folder": str(folder.path), "code": 0}
        overrides = [str(text) for text in hydra.overrides.task]
        print(f"job {hydra.job.num}  {' '.join(overrides)}", flush=True)
        if not begun:
            choices = {str(k): str(v) for k, v in hydra.runtime.choices.items() if "/" not in str(k) and k != "hydra"}
            folder = self._create(folder.path, composed, overrides, choices)
        return {"folder": str(folder.path), "code": run_and_wait(folder)}

    def _create(self, path: Path, composed: Any, overrides: list[str], choices: dict[str, str]) -> RunFolder:
        from omegaconf import OmegaConf

        OmegaConf.set_readonly(composed, False)
        readable = config.parse(overrides)[0]
        leftover.drop(composed, readable, self.places)
        given.tell(composed, readable, self.places)
        found = config.Composed(config=composed, choices=choices, overrides=overrides)
        values = config.plain(composed)
        trust = list(values.get("trust") or [])
        return record.create(
            path,
            config=config.assign(values, self.changes, allowed=CHANGEABLE, trust=trust) if self.changes else values,
            experiment=found.experiment,
            choices=choices,
            overrides=[*overrides, *self.changes],
            sweep=self.place,
        )


def run_and_wait(folder: RunFolder) -> int:
    """Run a job in a process of its own; Ctrl-C and SIGTERM let it save and end before they end us."""
    received: list[int] = []
    process = subprocess.Popen([record.python(), "-m", "mlsci.run", str(folder.path)])

    def forward(signum: int, frame: Any) -> None:
        received.append(signum)
        if signum == signal.SIGTERM:
            process.send_signal(signum)

    with handled(forward):
        code = process.wait()
    if received:
        signal.raise_signal(received[0])
    return code


def through_hydra(arguments: Sequence[str], config_dirs: Sequence[str], task: Callable[[Any], Any]) -> None:
    """Hydra's own main function over our config folders."""
    import hydra

    from mlsci import interpolation

    interpolation.register()
    own_path = any(text.startswith("hydra.searchpath") for text in arguments)
    path = [] if own_path else config.search_path(groups.folders(config_dirs))
    kept, sys.argv = sys.argv, ["mlsci train", *arguments, *path]  # after the flags, with the other overrides
    try:
        hydra.main(version_base="1.3", config_path=str(groups.own()), config_name=groups.ROOT)(task)()
    finally:
        sys.argv = kept


def _launch(overrides: Sequence[str], config_dirs: Sequence[str], job: _Job) -> None:
    arguments = [*overrides, f"hydra.sweep.dir='{job.place}'", "hydra.mode=MULTIRUN"]
    through_hydra(arguments, config_dirs, job)


def _until_done(place: Path, work: Callable[[], Any]) -> int:
    """Do the work, however it ends show the table, and say how to go on where a signal ended it."""
    try:
        with end_at_once():
            work()
    except Interrupted as error:
        print(f"mlsci: {error}; continue with: mlsci resume {place}", file=sys.stderr)
        return error.exit_code
    finally:
        _closing_table(place)
    return 0 if all(job.status.get("state") == "finished" for job in _jobs(place)) else 1


def _jobs(place: Path) -> list[RunFolder]:
    """The runs of a sweep, in their order."""
    found = [path.parent for path in place.glob("*/provenance.json")]
    return [RunFolder(p) for p in sorted(found, key=lambda p: (not p.name.isdigit(), p.name.zfill(8)))]


def _closing_table(place: Path) -> None:
    """One row a job: its overrides, state and metrics; then the mean over jobs where all measure the same."""
    from mlsci.listing import sweep_table

    jobs = _jobs(place)
    if jobs:
        sweep_table(jobs)
