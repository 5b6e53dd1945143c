"""CPU times of a run: from the start of the process to its first step, and from there to the end of training."""

import json
import os
import time
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class Timer(Callback):
    """Writes first_s and step_us to $MLSCI_TIMES."""

    def __init__(self) -> None:
        self.first = 0.0

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

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write."""
        write(self.first, trainer.global_step)


def write(first: float, steps: int) -> None:
    """first_s: CPU s to the first step; step_us: CPU µs of each of the others."""
    step = (time.process_time() - first) / (steps - 1)
    Path(os.environ["MLSCI_TIMES"]).write_text(json.dumps({"first_s": first, "step_us": 1e6 * step, "steps": steps}))
