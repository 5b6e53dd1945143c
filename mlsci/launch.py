"""From a command line to run folders and jobs: check everything, write the folder, start the process."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from mlsci import config, dotted, record, sweeping
from mlsci.continuing import make_ready
from mlsci.errors import ConfigError
from mlsci.record import RunFolder

PASS_THROUGH = {"--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc", "--version"}
CHECKS = {"--build", "--gradients"}  # of `mlsci check`, beyond what needs no torch


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
        sweeping.through_hydra([*line.flags, *line.overrides], line.config_dirs, _nothing)
        return 0
    composed = config.explain(line.overrides, line.config_dirs, sweep=line.multirun)
    if line.multirun or composed.sweeps:
        return sweeping.sweep(line.overrides, line.config_dirs, composed)
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
        sweeping.check_jobs(line.overrides, line.config_dirs)
    if "--build" in arguments:
        from mlsci.preview import preview

        preview(config.plain(composed.config), composed.choices)
    if "--gradients" in arguments:
        from mlsci.gradients import check_gradients

        print("\n".join(check_gradients(config.plain(composed.config), composed.choices)))
    chosen = " ".join(f"{key}={composed.choices.get(key)}" for key in ("data", "model", "net", "objective"))
    print(f"good: {composed.experiment}  {chosen}")
    return 0


def _nothing(composed: Any) -> None:
    """For --cfg and --info, which run no job."""


def resume(path: Path, overrides: Sequence[str]) -> int:
    """`mlsci resume`: continue a run, or every unfinished job of a sweep.

    Raises:
        ConfigError: no run there, one that is still running, or one that is finished.
    """
    if not (path / "provenance.json").is_file():
        return sweeping.resume(path, overrides)
    folder = RunFolder(path)
    make_ready(folder, overrides)
    _become(folder)
