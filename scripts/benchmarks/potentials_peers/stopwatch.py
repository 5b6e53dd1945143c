"""A callback of `mlsci train` for the benchmark: CPU time of each optimizer step."""

from typing import Any

from job import cpu
from lightning.pytorch import Callback, LightningModule, Trainer


class Stopwatch(Callback):
    """CPU seconds between the ends of optimizer steps; ends the training after so many of them.

    Args:
        steps: optimizer steps; null: as many as the training has.
    """

    latest: "Stopwatch"  # the one of this process

    def __init__(self, *, steps: int | None = None):
        self.steps = steps
        self.began = 0.0
        self.ends: list[float] = []
        Stopwatch.latest = self

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start, and look after every optimizer step."""
        model: Any = pl_module

        def stepped() -> None:
            self.ends.append(cpu())
            if len(self.ends) == self.steps:
                trainer.should_stop = model.pace.exhausted = True

        model.after_step.append(stepped)
        self.began = cpu()
