"""A progress bar that costs nothing: redrawn a few times a second on a terminal, a line now and then in a file."""

import time
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from mlsci.models import loop


class Progress(ProgressBar):
    """Epochs done, time left, and the latest loss and validation values.

    Args:
        refresh_seconds: between two drawings on a terminal.
        line_seconds: between two lines where the output is no terminal.
    """

    def __init__(self, *, refresh_seconds: float = 0.2, line_seconds: float = 15.0):
        super().__init__()
        self.console = Console()
        self.every = refresh_seconds if self.console.is_terminal else line_seconds
        self._bar: RichProgress | None = None
        self._task: Any = None
        self._drawn = 0.0
        self._enabled = True

    def disable(self) -> None:
        """Draw nothing; Lightning calls this on all devices but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Draw again."""
        self._enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the bar."""
        self._drawn = time.monotonic()
        if not self._enabled or not self.console.is_terminal:
            return
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs · {task.fields[values]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("training", total=_epochs(trainer), values="")
        self._bar.start()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """Redraw when it is time."""
        if time.monotonic() - self._drawn >= self.every:
            self._draw(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the end state and close the bar."""
        self._draw(trainer)
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Give the terminal back."""
        self._close()

    def _draw(self, trainer: Trainer) -> None:
        self._drawn = time.monotonic()
        if not self._enabled:
            return
        done = _epochs_done(trainer)
        if self._bar is not None:
            self._bar.update(self._task, completed=round(done, 2), values=_values(trainer), refresh=True)
        elif not self.console.is_terminal:
            total = _epochs(trainer)
            self.console.print(f"epoch {done:.1f}{f'/{total:g}' if total else ''} · {_values(trainer)}", soft_wrap=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _epochs(trainer: Trainer) -> float | None:
    """Epochs of the whole run, by max_epochs or max_steps."""
    loader = loop.train_loader(trainer)
    if trainer.max_steps > 0 and loader is not None:
        return round(trainer.max_steps * loop.pace(trainer).accumulate / loader.batches, 2)
    return float(trainer.max_epochs) if trainer.max_epochs and trainer.max_epochs > 0 else None


def _epochs_done(trainer: Trainer) -> float:
    loader = loop.train_loader(trainer)
    inside = loader.position / loader.batches if loader is not None and loop.inside_epoch(trainer) else 0.0
    return loop.epochs_done(trainer) + inside


def _values(trainer: Trainer) -> str:
    """The last training loss and the validation values, four at most."""
    found = {k: float(v) for k, v in trainer.callback_metrics.items() if k == "train/loss" or k.startswith("val/")}
    return " · ".join(f"{name} {value:.4g}" for name, value in sorted(found.items())[:4])
