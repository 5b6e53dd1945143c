"""CPU seconds of the training of a run, without loading, building and testing."""

import json
import time
from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer


class Stopwatch(Callback):
    """Writes cpu_s, from the first to the last step, and the number of parameters to a JSON file.

    Args:
        out: the file.
    """

    def __init__(self, out: str):
        self.out = Path(out)
        self.began = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start."""
        self.began = time.process_time()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop and write."""
        seconds = time.process_time() - self.began
        count = sum(each.numel() for each in pl_module.parameters() if each.requires_grad)
        self.out.write_text(json.dumps({"cpu_s": seconds, "parameters": count}))
