"""best.ckpt and last.ckpt: written atomically, and complete enough to continue bit for bit."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint as LightningCheckpoint
from lightning.pytorch.trainer import call
from lightning.pytorch.utilities.exceptions import SIGTERMException

from mlsci import checkpoint
from mlsci.data.order import random_state
from mlsci.errors import ConfigError, Interrupted
from mlsci.models import loop


class Checkpoint(LightningCheckpoint):
    """Keeps the best state by a monitored value, and the last one for `mlsci resume`.

    The last state is written at most every `every_seconds`, at the end of training, and when the run is
    stopped by a signal or an error; a better best state is written at once if that is as long ago, and
    otherwise kept in memory until then. A kill -9 so costs at most that much work, and no file.

    Args:
        monitor: the metric; None, or no validation data, takes the last state for the best.
        mode: whether a small or a large value is good.
        every_seconds: between two writes.
        folder: set by `run`.
    """

    def __init__(
        self, *, monitor: str | None = "val/loss", mode: Literal["min", "max"] = "min", every_seconds: float = 60.0
    ):
        self.monitor = monitor
        self.sign = 1.0 if mode == "min" else -1.0
        self.every_seconds = every_seconds
        self.folder: Path | None = None
        self.best_score = math.inf
        self.best_epoch = -1
        self._best: dict[str, Any] | None = None
        self._written = time.monotonic()

    @property
    def best_path(self) -> Path:
        """Where the best state is written."""
        return self._folder / "best.ckpt"

    @property
    def last_path(self) -> Path:
        """Where the last state is written."""
        return self._folder / "last.ckpt"

    @property
    def _folder(self) -> Path:
        if self.folder is None:
            raise RuntimeError("callbacks.checkpoint has no folder: train through mlsci.run, or set .folder")
        return self.folder

    def state_dict(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best_score": self.best_score, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on comparing with the best value so far."""
        self.best_score, self.best_epoch = state_dict["best_score"], state_dict["best_epoch"]

    def forget(self) -> None:
        """From here on the monitored value means something else: what was best before counts no longer."""
        self.best_score = math.inf

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._written = time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compare, and keep the state if it is better; averaged weights are still in place."""
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        if self.monitor is not None:
            self._compare(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write between two epochs."""
        if self._due():
            self.save_last(trainer, epoch_ended=True)

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        """Write within an epoch where epochs are long."""
        loader = loop.train_loader(trainer)
        inside = loader is not None and loader.position < loader.batches
        if inside and loop.pace(trainer).pending == 0 and self._due():
            self.save_last(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the end state, which is also the best one where nothing has been compared so far."""
        if self.monitor is None or not math.isfinite(self.best_score):
            self._keep(trainer, score=math.inf)  # any value that is compared later, after a resume, is better
        self.save_last(trainer, epoch_ended=True)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Write the state of the last whole step, unless the loss had become NaN by then."""
        if trainer.state.fn == "fit" and trainer.training and _state_is_sound(exception):
            self.save_last(trainer)
        elif trainer.state.fn == "fit":
            self._flush_best(trainer)

    def save_last(self, trainer: Trainer, *, epoch_ended: bool = False) -> None:
        """Write last.ckpt, and a best state that waits in memory."""
        payload = self._payload(trainer, weights_only=False)
        payload["mlsci"]["resume"] = _position(trainer, epoch_ended=epoch_ended)
        self._flush_best(trainer)
        if trainer.is_global_zero:
            checkpoint.write(payload, self.last_path)
        self._written = time.monotonic()

    def _compare(self, trainer: Trainer) -> None:
        value = trainer.callback_metrics.get(str(self.monitor))
        if value is None:
            known = ", ".join(sorted(k for k in trainer.callback_metrics if "/" in k))
            raise ConfigError(f"callbacks.checkpoint.monitor: nothing logs '{self.monitor}'. Logged: {known}")
        score = self.sign * float(value)
        if score < self.best_score:
            self._keep(trainer, score=score)

    def _keep(self, trainer: Trainer, *, score: float) -> None:
        self.best_score, self.best_epoch = score, trainer.current_epoch
        self._best = _detached(self._payload(trainer, weights_only=True))
        if self._due():
            self._flush_best(trainer)

    def _due(self) -> bool:
        return time.monotonic() - self._written >= self.every_seconds

    def _flush_best(self, trainer: Trainer) -> None:
        if self._best is not None and trainer.is_global_zero:
            checkpoint.write(self._best, self.best_path)
        self._best = None

    def _payload(self, trainer: Trainer, *, weights_only: bool) -> dict[str, Any]:
        payload = trainer._checkpoint_connector.dump_checkpoint(weights_only)
        if weights_only:  # Lightning leaves this hook out here, but EMA puts the averaged weights in by it
            call._call_callbacks_on_save_checkpoint(trainer, payload)
        return payload


def _state_is_sound(exception: BaseException) -> bool:
    """A NaN, or a failure in the middle of a backward pass, leaves no state worth writing."""
    return isinstance(exception, Interrupted | SIGTERMException)


def _position(trainer: Trainer, *, epoch_ended: bool) -> dict[str, Any]:
    """Where in the run the state stands: whole epochs, batches into the next one, steps, random state."""
    loader = loop.train_loader(trainer)
    position = 0 if loader is None or loader.position >= loader.batches else loader.position
    inside, epochs = position > 0, loop.epochs_done(trainer)
    return {
        "epochs": epochs - 1 if inside and epoch_ended else epochs,  # max_steps ends an epoch before its end
        "batches": position,
        "global_step": trainer.global_step,
        "schedule": _plain_state(loop.pace(trainer).schedule),
        "random": random_state() if inside or not epoch_ended else None,
    }


def _plain_state(schedule: Any) -> dict[str, Any] | None:
    if schedule is None:
        return None
    return {key: value for key, value in schedule.state_dict().items() if key != "optimizer"}


def _detached(value: Any) -> Any:
    """A copy of nested containers whose tensors no longer change."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, Mapping):
        return {key: _detached(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_detached(entry) for entry in value)
    return value
