"""What the training loop of Lightning knows, in one place: the parts of it that are private in lightning 2.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightning.pytorch import Trainer

from mlsci.data.loaders import TrainLoader

if TYPE_CHECKING:
    from mlsci.models.pace import Pace


def train_loader(trainer: Trainer) -> TrainLoader | None:
    """Our loader, or None where the user's own one is in its place."""
    return getattr(trainer.datamodule, "train_loader", None)  # type: ignore[attr-defined]


def pace(trainer: Trainer) -> Pace:
    """The pace of the model in training."""
    module: Any = trainer.lightning_module
    return module.pace


def epochs_done(trainer: Trainer) -> int:
    """Whole epochs behind us."""
    progress: Any = trainer.fit_loop.epoch_progress.current
    return progress.processed


def inside_epoch(trainer: Trainer) -> bool:
    """Whether an epoch is under way, up to the end of its last batch."""
    progress: Any = trainer.fit_loop.epoch_progress.current
    return progress.started > progress.processed


def log_interval(trainer: Trainer) -> int:
    """Batches between two log lines."""
    return trainer.log_every_n_steps  # type: ignore[attr-defined]


def set_position(trainer: Trainer, *, epochs: int, steps: int) -> None:
    """Let the loop believe that so many epochs and optimizer steps are behind it."""
    for progress in (trainer.fit_loop.epoch_progress.total, trainer.fit_loop.epoch_progress.current):
        progress.ready = progress.started = progress.processed = progress.completed = epochs  # type: ignore[attr-defined]
    tracker = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress.total
    tracker.ready = tracker.completed = steps
    trainer.fit_loop.epoch_loop._batches_that_stepped = steps


def add_steps(trainer: Trainer, steps: int) -> None:
    """Count optimizer steps that Lightning did not see, and log everything at `global_step`."""
    tracker = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress.total
    tracker.ready += steps
    tracker.completed += steps
    trainer.fit_loop.epoch_loop._batches_that_stepped = tracker.completed
