"""From a command line to run folders and jobs: check everything, write the folder, start the process."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from mlsci import config, dotted, groups, leftover, record
from mlsci.continuing import make_ready
from mlsci.errors import ConfigError
from mlsci.record import RunFolder
from mlsci.signals import handled

PASS_THROUGH = {"--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc", "--version"}
CHECKS = {"--build", "--gradients"}  # of `mlsci check`, beyond what needs no torch
CHECKED_JOBS = 64  # of a sweep; the rest differ in values only, and each is checked again when it starts


@dataclass
class CommandLine:
    """The arguments of `mlsci train`, sorted."""

    overrides: list[str] = field(default_factory=list)
    config_dirs: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    multirun: bool = False
    pass_through: bool = False


def parse(arguments: Sequence[str]) -> CommandLine:
    """Tell overrides from Hydra's flags; anything that begins with '-' and is no flag of Hydra's is an error."""
    found, rest = CommandLine(), list(arguments)
    while rest:
        word = rest.pop(0)
        name, _, value = word.partition("=")
        if word in {"-m", "--multirun"}:
            found.multirun = True
        elif name in {"--config-dir", "-cd"}:
            if not value and not rest:
                raise ConfigError("--config-dir: needs a folder")
            found.config_dirs.append(value or rest.pop(0))
        elif name in PASS_THROUGH:
            found.pass_through = True
            found.flags.append(word)
            if name in {"--cfg", "-c", "--shell-completion", "-sc"} and not value and rest:
                found.flags.append(rest.pop(0))
        elif name in {"--resolve", "--package", "-p"}:
            found.flags.append(word)
            if name != "--resolve" and not value and rest:
                found.flags.append(rest.pop(0))
        elif word.startswith("-"):
            raise ConfigError(f"{word}: no such option; overrides are written key=value (mlsci train --help)")
        else:
            found.overrides.append(word)
    found.overrides = dotted.rewrite(found.overrides, found.config_dirs)
    return found


def train(arguments: Sequence[str]) -> int:
    """`mlsci train`: a single run replaces this process; a sweep starts one process a job."""
    line = parse(arguments)
    if line.pass_through:
        config.explain(line.overrides, line.config_dirs, sweep=True, deep=False)
        _hydra([*line.flags, *line.overrides], line.config_dirs, _nothing)
        return 0
    composed = config.explain(line.overrides, line.config_dirs, sweep=line.multirun)
    if line.multirun or composed.sweeps:
        return _sweep(line, composed)
    values = config.plain(composed.config)
    folder = record.create(
        record.folder_for(values, experiment=composed.experiment, overrides=line.overrides),
        config=values,
        experiment=composed.experiment,
        choices=composed.choices,
        overrides=line.overrides,
    )
    _become(folder)


def _become(folder: RunFolder) -> NoReturn:
    """Replace this process by the job, so that exit code and signals are the job's."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(record.python(), [record.python(), "-m", "mlsci.run", str(folder.path)])


def check(arguments: Sequence[str]) -> int:
    """`mlsci check`: the same checks as `train`, and nothing is run."""
    line = parse([word for word in arguments if word not in CHECKS])
    composed = config.explain(line.overrides, line.config_dirs, sweep=line.multirun)
    if line.multirun:
        _check_jobs(line)
    if "--build" in arguments:
        from mlsci.preview import preview

        preview(config.plain(composed.config), composed.choices)
    if "--gradients" in arguments:
        from mlsci.gradients import check_gradients

        print("\n".join(check_gradients(config.plain(composed.config), composed.choices)))
    chosen = " ".join(f"{key}={composed.choices.get(key)}" for key in ("data", "model", "net", "objective"))
    print(f"good: {composed.experiment}  {chosen}")
    return 0


def _check_jobs(line: CommandLine, params: Sequence[str] = ()) -> int:
    """Check every combination of a sweep before the first job starts; return their number."""
    jobs = config.combinations([*params, *line.overrides])
    messages: list[str] = []
    for job in jobs[:CHECKED_JOBS]:
        try:
            config.explain(job, line.config_dirs)
        except ConfigError as error:
            messages += error.messages
    if messages:
        raise ConfigError(list(dict.fromkeys(messages)))
    return len(jobs)


def _sweep(line: CommandLine, composed: config.Composed) -> int:
    """Hydra's multirun: every job a process and a folder of its own; a failing one stops nobody."""
    plain_sweeper = composed.choices_hydra.get("hydra/sweeper", "basic") == "basic"
    given = {text.split("=", 1)[0] for text in line.overrides}
    params = [f"{key}={value}" for key, value in composed.sweeps.items() if key not in given]
    count = _check_jobs(line, params) if plain_sweeper else None
    values = config.plain(composed.config)
    swept = any("," in text for text in line.overrides if text.startswith(("experiment=", "data=", "model=")))
    name = "sweeps" if swept else composed.experiment
    place = record.folder_for(values, experiment=name, overrides=line.overrides).absolute()
    if place.exists() and any(place.iterdir()):
        raise ConfigError(f"run.name: {place} exists already; choose another run.name, or: mlsci resume {place}")
    print(f"sweep       {place}" + (f"  ({count} jobs)" if count else ""), flush=True)
    arguments = [*line.overrides, f"hydra.sweep.dir='{place}'", "hydra.mode=MULTIRUN"]
    job = _SweepJob(place, places=groups.folders(line.config_dirs))
    try:
        _hydra(arguments, line.config_dirs, job)
    except KeyboardInterrupt:
        print(f"mlsci: stopped; continue with: mlsci resume {place}", file=sys.stderr)
        return 130
    finally:
        _closing_table(place)
    return _sweep_code(place)


class _SweepJob:
    """What Hydra calls for each job of a sweep."""

    __module__ = "mlsci.launch"

    def __init__(self, place: Path, *, places: Sequence[Path]):
        self.place = place
        self.places = places
        self.__name__ = "job"

    def __call__(self, composed: Any) -> dict[str, Any]:
        from hydra.core.hydra_config import HydraConfig
        from omegaconf import OmegaConf

        hydra = HydraConfig.get()
        folder = Path(hydra.runtime.output_dir)
        overrides = [str(text) for text in hydra.overrides.task]
        choices = {str(k): str(v) for k, v in hydra.runtime.choices.items() if "/" not in str(k) and k != "hydra"}
        OmegaConf.set_readonly(composed, False)
        leftover.drop(composed, config.parse(overrides)[0], self.places)
        found = config.Composed(config=composed, choices=choices, overrides=overrides)
        made = record.create(
            folder,
            config=config.plain(composed),
            experiment=found.experiment,
            choices=choices,
            overrides=overrides,
            sweep=self.place,
        )
        print(f"job {hydra.job.num}  {' '.join(overrides)}", flush=True)
        return {"folder": str(folder), "code": run_and_wait(made)}


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
        raise KeyboardInterrupt
    return code


def _hydra(arguments: Sequence[str], config_dirs: Sequence[str], task: Callable[[Any], Any]) -> None:
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


def _nothing(composed: Any) -> None:
    """For --cfg and --info, which run no job."""


def _jobs(place: Path) -> list[RunFolder]:
    """The runs of a sweep, in their order."""
    found = [path.parent for path in place.glob("*/provenance.json")]
    return [RunFolder(p) for p in sorted(found, key=lambda p: (not p.name.isdigit(), p.name.zfill(8)))]


def _sweep_code(place: Path) -> int:
    return 0 if all(job.status.get("state") == "finished" for job in _jobs(place)) else 1


def _closing_table(place: Path) -> None:
    """One row a job: its overrides, state and metrics; then the mean over jobs where all measure the same."""
    from mlsci.listing import sweep_table

    jobs = _jobs(place)
    if jobs:
        sweep_table(jobs)


def resume(path: Path, overrides: Sequence[str]) -> int:
    """`mlsci resume`: continue a run, or every unfinished job of a sweep.

    Raises:
        ConfigError: no run there, one that is still running, or one that is finished.
    """
    if not (path / "provenance.json").is_file():
        jobs = _jobs(path)
        if not jobs:
            raise ConfigError(f"{path}: no run folder (it has no provenance.json)")
        for job in jobs:
            if job.status["state"] != "finished" or overrides:
                make_ready(job, overrides)
                run_and_wait(job)
        _closing_table(path)
        return _sweep_code(path)
    folder = RunFolder(path)
    make_ready(folder, overrides)
    _become(folder)
