"""CPU times of a run: to its first step, a step from the second epoch on, and the whole process."""

import json
import os
import time
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class Timer(Callback):
    """Writes first_s, step_us and whole_s to $MLSCI_TIMES."""

    def __init__(self) -> None:
        self.first = 0.0
        self.settled = 0.0
        self.steps = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Wait for the first step."""
        hooks: Any = getattr(pl_module, "after_step", None)
        if hooks is not None:
            hooks.append(lambda: self._stepped(hooks))

    def _stepped(self, hooks: list) -> None:
        self.first = time.process_time()
        hooks.pop()

    def on_train_batch_end(self, trainer: Trainer, *arguments: Any) -> None:
        """The first step of a stock Lightning model."""
        if not self.first:
            self.first = time.process_time()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """From the second epoch on everything has been imported and opened."""
        if not self.settled:
            self.settled, self.steps = time.process_time(), trainer.global_step

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write."""
        write(self.first, settled=self.settled, steps=trainer.global_step - self.steps)


def write(first: float, *, settled: float, steps: int) -> None:
    """first_s: CPU s to the first step; step_us: CPU µs a step from the second epoch on; whole_s: all CPU s."""
    now = time.process_time()
    found = {"first_s": first, "step_us": 1e6 * (now - settled) / steps, "whole_s": now, "steps": steps}
    Path(os.environ["MLSCI_TIMES"]).write_text(json.dumps(found))
