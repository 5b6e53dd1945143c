"""Weights & Biases: offline until the user has logged in, online after that."""

import netrc
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from mlsci.loggers.base import RunLogger


class Wandb(RunLogger):
    """Logs metrics, config, closing table and figures; the run id is that of the run folder, so a resume continues it.

    wandb is imported at the first value, which keeps its seconds out of the time to the first step.
    `wandb sync RUN_DIR/wandb/offline-run-*` uploads an offline run later.

    Args:
        project: on wandb.
        entity: user or team; None is the default of the account.
        mode: auto is online where an API key is at hand, and offline elsewhere; `WANDB_MODE` wins over auto.
        tags: shown beside the run.
        flush_seconds: rows are handed to wandb in bursts; one at a time they cost some milliseconds each.
    """

    def __init__(
        self,
        *,
        project: str = "mlsci",
        entity: str | None = None,
        mode: Literal["auto", "online", "offline", "disabled"] = "auto",
        tags: list[str] | None = None,
        flush_seconds: float = 30.0,
    ):
        super().__init__()
        self.project = project
        self.entity = entity
        self.mode = mode
        self.tags = tags
        self.flush_seconds = flush_seconds
        self._run: Any = None
        self._waiting: list[dict[str, float]] = []
        self._flushed = time.monotonic()

    def open(self) -> None:
        """Start the wandb run."""
        import wandb

        mode: Any = (os.environ.get("WANDB_MODE") or _login_mode()) if self.mode == "auto" else self.mode
        self._run = wandb.init(
            project=self.project,
            entity=self.entity,
            mode=mode,
            id=self.version or None,
            name=str(self.run.get("name", self.version)),
            group=self.run.get("sweep"),
            job_type=self.name,
            tags=self.tags,
            config=self.run.get("config"),
            dir=str(self.folder),
            resume="allow" if mode == "online" else None,
            settings=wandb.Settings(silent=True, console="off", x_disable_stats=mode != "online"),
        )
        self._run.define_metric("*", step_metric="trainer/global_step")

    def write(self, metrics: Mapping[str, float], step: int) -> None:
        """Keep a row, and hand over all that wait when it is time."""
        self._waiting.append({**metrics, "trainer/global_step": step})
        if time.monotonic() - self._flushed >= self.flush_seconds:
            self._flush()

    def _flush(self) -> None:
        for row in self._waiting:
            self._run.log(row)
        self._waiting, self._flushed = [], time.monotonic()

    def summary(self, values: Mapping[str, Any], figures: Mapping[str, Path]) -> None:
        """The closing values and the figures."""
        import wandb

        self._flush()
        self._run.summary.update(dict(values))
        self._run.log({f"figures/{name}": wandb.Image(str(path)) for name, path in figures.items()})

    def close(self, status: str) -> None:
        """Finish with the exit code of the run."""
        self._flush()
        self._run.finish(exit_code=0 if status == "success" else 1)


def _login_mode() -> str:
    """Online if there is an API key for wandb's server."""
    if os.environ.get("WANDB_API_KEY"):
        return "online"
    try:
        entries = netrc.netrc()
    except (FileNotFoundError, netrc.NetrcParseError):
        return "offline"
    return "online" if any("wandb" in host for host in entries.hosts) else "offline"
