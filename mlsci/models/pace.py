"""The inner training loop: several optimizer steps a call, at the cost of a plain torch loop.

Lightning spends some 1,900 Python calls on every step; here it is called once a block of batches, and
its counters are moved on by hand. Where several devices, mixed precision or a training limit need
Lightning's own step, a block holds one batch and the optimizer goes through Lightning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from mlsci.errors import ConfigError, Interrupted, NonFiniteLoss
from mlsci.models.loop import add_steps, log_interval, train_loader

if TYPE_CHECKING:
    from mlsci.models.base import Model


@dataclass
class Pace:
    """How the steps of a run are taken: optimizer, schedule, clipping, accumulation, and a stop flag.

    Args:
        make_optimizer: parameters -> optimizer.
        make_schedule: optimizer -> schedule, or None.
        interval: "step" or "epoch", when the schedule advances.
        monitor: the metric that a plateau schedule looks at.
        clip: largest norm of the gradient, or None.
        accumulate: batches whose gradients are averaged for one step.
        through_lightning: step by Lightning's optimizer (several devices, mixed precision).
        stop_signal: set by a signal handler; training ends at the next whole step.
        pending: batches since the last optimizer step.
        steps: optimizer steps that Lightning has not been told of.
        progress: how much of the training is done, 0 to 1, where something else than steps counts it.
        exhausted: a budget is spent; training ends after the present step.
        total, count: sums of loss and scalars since the last log line, and over how many batches.
    """

    make_optimizer: Callable[[Iterable[Tensor]], Optimizer] | None = None
    make_schedule: Callable[[Optimizer], LRScheduler] | None = None
    interval: str = "epoch"
    monitor: str = "val/loss"
    clip: float | None = None
    accumulate: int = 1
    through_lightning: bool = False
    stop_signal: int | None = None
    optimizer: Optimizer | None = None
    schedule: LRScheduler | None = None
    parameters: list[Tensor] = field(default_factory=list)
    pending: int = 0
    steps: int = 0
    progress: float | None = None
    exhausted: bool = False
    total: dict[str, Tensor] = field(default_factory=dict)
    count: int = 0

    def build(self, model: Model) -> Optimizer:
        """Make optimizer and schedule for the parameters that want gradients."""
        if self.make_optimizer is None:
            raise RuntimeError("model.pace has no make_optimizer: train through mlsci.run, or set it")
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = self.make_optimizer(self.parameters)
        self.schedule = self.make_schedule(self.optimizer) if self.make_schedule else None
        if (_wants_closure(self) or _wants_residuals(self)) and (self.accumulate > 1 or self.through_lightning):
            raise ConfigError(
                f"optimizer: {type(self.optimizer).__name__} evaluates the loss several times a step; it goes with "
                f"one device, full precision and trainer.accumulate_grad_batches=1 only"
            )
        return self.optimizer

    @property
    def lr(self) -> float:
        """The learning rate of the first parameter group."""
        return float(self.optimizer.param_groups[0]["lr"]) if self.optimizer else math.nan

    def epoch_ended(self, model: Model) -> None:
        """Advance a schedule that counts epochs."""
        if self.schedule is None or self.interval != "epoch":
            return
        if isinstance(self.schedule, ReduceLROnPlateau):
            value = model.trainer.callback_metrics.get(self.monitor)
            if value is not None:
                self.schedule.step(float(value))
        else:
            self.schedule.step()


def take_steps(model: Model, batches: Iterable[Any]) -> None:
    """Train on the batches of a block; log the mean loss since the last log line.

    Raises:
        NonFiniteLoss: the loss became NaN or infinite.
        Interrupted: a signal asked for an end; the state is that after the last whole step.
    """
    pace = model.pace
    step = _kind_of_step(model, pace)
    if pace.stop_signal is not None:
        raise Interrupted(pace.stop_signal)
    total = pace.total
    try:
        for batch in batches:
            loss, scalars = step(model, pace, batch)
            total["loss"] = total["loss"] + loss if pace.count else loss
            for name, value in scalars.items():
                total[name] = total[name] + value.detach() if pace.count else value.detach()
            pace.count += 1
            if pace.stop_signal is not None and pace.pending == 0 and not _last_batch(model):
                raise Interrupted(pace.stop_signal)
            if pace.exhausted:
                break
    finally:
        add_steps(model.trainer, pace.steps)
        pace.steps = 0
    _report(model, pace)


def _kind_of_step(model: Model, pace: Pace) -> Callable[[Model, Pace, Any], tuple[Tensor, dict[str, Tensor]]]:
    if model.steps_itself:
        return _own_step
    if pace.through_lightning:
        return _lightning_step
    if _wants_residuals(pace):
        return _residual_step
    return _closure_step if _wants_closure(pace) else _plain_step


def _wants_residuals(pace: Pace) -> bool:
    return bool(getattr(pace.optimizer, "needs_residuals", False))


def _wants_closure(pace: Pace) -> bool:
    return isinstance(pace.optimizer, torch.optim.LBFGS) or bool(getattr(pace.optimizer, "needs_closure", False))


def _plain_step(model: Model, pace: Pace, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """loss, backward, step: nothing else stands between them."""
    loss, scalars = model.loss(batch)
    # where the loss holds derivatives by the inputs, its graph goes on to them: 7 % of a step that nobody asks for
    ends = [p for p in pace.parameters if p.requires_grad] if model.needs_grad else None
    if pace.accumulate > 1:
        (loss / pace.accumulate).backward(inputs=ends)
    else:
        loss.backward(inputs=ends)
    pace.pending += 1
    if pace.pending >= pace.accumulate or _last_batch(model):
        _apply(model, pace)
    return loss.detach(), scalars


def _apply(model: Model, pace: Pace) -> None:
    optimizer = pace.optimizer
    if pace.clip is not None:
        torch.nn.utils.clip_grad_norm_(pace.parameters, pace.clip)
    optimizer.step()  # type: ignore[union-attr]
    optimizer.zero_grad()  # type: ignore[union-attr]
    pace.steps += 1
    _stepped(model, pace)


def _stepped(model: Model, pace: Pace) -> None:
    """What follows every optimizer step: the schedule, the average of weights."""
    pace.pending = 0
    if pace.schedule is not None and pace.interval == "step":
        pace.schedule.step()
    for hook in model.after_step:
        hook()


def _closure_step(model: Model, pace: Pace, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """For optimizers that evaluate the loss several times a step."""
    found: list[tuple[Tensor, dict[str, Tensor]]] = []

    def closure() -> Tensor:
        pace.optimizer.zero_grad()  # type: ignore[union-attr]
        loss, scalars = model.loss(batch)
        loss.backward()
        if pace.clip is not None:
            torch.nn.utils.clip_grad_norm_(pace.parameters, pace.clip)
        found.append((loss.detach(), scalars))
        return loss

    pace.optimizer.step(closure)  # type: ignore[union-attr, arg-type]
    pace.steps += 1
    _stepped(model, pace)
    return found[0]


def _residual_step(model: Model, pace: Pace, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """For optimizers of least squares: they get residual rows and their Jacobian."""
    optimizer: Any = pace.optimizer
    loss = optimizer.step(model.residuals(batch))
    pace.steps += 1
    _stepped(model, pace)
    return loss, {name: loss.new_tensor(value) for name, value in optimizer.report().items()}


def _own_step(model: Model, pace: Pace, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """For models with several optimizers: one batch is one step, however many of them it moved."""
    loss, scalars = model.step(batch)
    pace.steps += 1
    _stepped(model, pace)
    return loss.detach(), scalars


def _lightning_step(model: Model, pace: Pace, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """Through Lightning: gradient scaling, gradient averaging over devices."""
    optimizer: Any = model.optimizers()
    loss, scalars = model.loss(batch)
    model.manual_backward(loss / pace.accumulate)
    pace.pending += 1
    if pace.pending >= pace.accumulate or _last_batch(model):
        if pace.clip is not None:
            model.clip_gradients(optimizer, gradient_clip_val=pace.clip, gradient_clip_algorithm="norm")
        optimizer.step()  # counted by Lightning
        optimizer.zero_grad()
        _stepped(model, pace)
    return loss.detach(), scalars


def _log_line_due(model: Model) -> bool:
    """Every `log_every_n_steps` batches of an epoch and at its end, wherever blocks or an interruption fall."""
    loader, every = train_loader(model.trainer), log_interval(model.trainer)
    return _last_batch(model) or (model.pace.count >= every if loader is None else loader.position % every == 0)


def _last_batch(model: Model) -> bool:
    loader = train_loader(model.trainer)
    return loader is not None and loader.position >= loader.batches


def _report(model: Model, pace: Pace) -> None:
    """Stop on a loss that is not a number; log means every `log_every_n_steps` steps and at the end of an epoch."""
    if not pace.count:
        return
    trainer = model.trainer
    loss = float(pace.total["loss"]) / pace.count
    if not math.isfinite(loss):
        raise NonFiniteLoss(
            f"the training loss became {loss} by step {model.global_step} (epoch {model.current_epoch}); "
            f"try a smaller optimizer.lr or trainer.gradient_clip_val=1"
        )
    if not _log_line_due(model):
        return
    values = {f"train/{name}": float(value) / pace.count for name, value in pace.total.items()}
    pace.total, pace.count = {}, 0
    model.logged({name.removeprefix("train/"): value for name, value in values.items()})
    trainer.callback_metrics.update({name: torch.tensor(value) for name, value in values.items()})
    for logger in trainer.loggers:
        logger.log_metrics({"epoch": model.current_epoch, **values, "lr": pace.lr}, step=model.global_step)
