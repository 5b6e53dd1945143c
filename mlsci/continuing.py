"""Whether a run folder can be continued, and with what changed values."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlsci import config
from mlsci.errors import ConfigError
from mlsci.record import RunFolder

CHANGEABLE = ("trainer.", "callbacks.", "logger.", "test", "threads")


def make_ready(folder: RunFolder, overrides: Sequence[str]) -> None:
    """Take changed values into the folder's config.

    Raises:
        ConfigError: a run that is still running, one that is finished, or a length that it cannot take.
    """
    status = folder.status
    if status["state"] == "running" and _alive(status.get("pid")):
        raise ConfigError(f"{folder.path}: still running as process {status['pid']}")
    if status["state"] == "finished" and not overrides:
        limit = folder.config["trainer"].get("max_time")
        more = f"a trainer.max_time above {limit}, for all slices together" if limit else "trainer.max_epochs=100"
        raise ConfigError(f"{folder.path}: finished; give it more to do, for example {more}")
    if overrides:
        values = folder.config
        changed = config.assign(values, overrides, allowed=CHANGEABLE, trust=list(values.get("trust") or []))
        _check_length(folder, changed)
        folder.write_yaml("config.yaml", changed)
        folder.write_yaml("overrides.yaml", [*folder.overrides, *overrides])


def _check_length(folder: RunFolder, changed: dict[str, Any]) -> None:
    """Refuse a new length that the run's schedule does not know of, or that is already behind it."""
    before, after = folder.config["trainer"], changed["trainer"]
    longer = any(before.get(key) != after.get(key) for key in ("max_epochs", "max_steps"))
    if longer and "${steps:}" in str(changed["scheduler"]):
        raise ConfigError(
            f"trainer.max_epochs: the schedule of this run was made for {before.get('max_epochs')} epochs; it cannot "
            f"become another length. Start a new run, or train with scheduler=none, step or plateau"
        )
    done, wanted = folder.status.get("epoch", 0), after.get("max_epochs")
    if longer and isinstance(wanted, int) and 0 <= wanted < done:
        raise ConfigError(f"trainer.max_epochs: {wanted} asked for, but {done} epochs are behind this run already")


def _alive(pid: Any) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return "mlsci" in Path(f"/proc/{pid}/cmdline").read_text() if Path(f"/proc/{pid}").exists() else True
