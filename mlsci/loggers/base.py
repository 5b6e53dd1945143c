"""What our loggers share: they know the run folder, and a failure of theirs never ends a run."""

import warnings
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only


class RunLogger(Logger):
    """A Lightning logger that `run` tells of the run; a subclass writes `open`, `write` and `close`.

    Any exception out of these is reported once and switches the logger off.

    Attributes:
        folder: of the run.
        run: experiment, run id, sweep and config, for dashboards.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(".")
        self.run: dict[str, Any] = {}
        self.resumed_step: int | None = None
        self._open = False
        self._failed = False

    @property
    def name(self) -> str:
        """The experiment."""
        return str(self.run.get("experiment", "mlsci"))

    @property
    def version(self) -> str:
        """The run id."""
        return str(self.run.get("run_id", ""))

    def open(self) -> None:
        """Called before the first values."""

    def write(self, metrics: Mapping[str, float], step: int) -> None:
        """Called with the values of a step."""
        raise NotImplementedError

    def close(self, status: str) -> None:
        """Called at the end: "success" or what went wrong."""

    def summary(self, values: Mapping[str, Any], figures: Mapping[str, Path]) -> None:
        """Called with the closing table and the figures."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Write values; Lightning and the training loop call this."""
        values = {k: float(v) for k, v in metrics.items() if k != "epoch"}
        epoch = {"epoch": int(metrics["epoch"])} if "epoch" in metrics else {}
        if values:
            self._guard(self.write, {**epoch, **values}, step or 0)

    @rank_zero_only
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Nothing: the config is known from `run`."""

    @rank_zero_only
    def log_summary(self, values: Mapping[str, Any], figures: Mapping[str, Path]) -> None:
        """Hand over the closing table and figures."""
        self._guard(self.summary, values, figures)

    @rank_zero_only
    def end(self, status: str) -> None:
        """Close, at the very end of the run (Lightning's `finalize` comes after every stage)."""
        if self._open:
            self._guard(self.close, status)
            self._open = False

    def _guard(self, call: Any, *arguments: Any) -> None:
        if self._failed:
            return
        try:
            if not self._open:
                self.open()
                self._open = True
            call(*arguments)
        except Exception as error:
            self._failed = True
            warnings.warn(
                f"logger {type(self).__name__} failed and is off from here on; the run goes on: "
                f"{type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
