"""The contracts of a model (trained by gradient steps) and of an estimator (fitted at once)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.data.loaders import Block
from mlsci.data.order import seed_all
from mlsci.errors import ConfigError
from mlsci.models.pace import Pace, take_steps


@dataclass(frozen=True)
class Evaluation:
    """One batch judged: its loss, further scalars, and what the metrics compare."""

    loss: Tensor
    scalars: Mapping[str, Tensor] = field(default_factory=dict)
    predictions: Tensor | None = None
    targets: Tensor | None = None


class Estimator(nn.Module):
    """A method that is fitted without gradient steps; its buffers are its fitted state.

    A subclass writes `fit(x, y)` and `forward(x)`, and `choose(train, val)` where it has something to choose.
    """

    def choose(self, train: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor]) -> None:
        """Pick hyper-parameters by the validation part, before `fit`; both parts are (inputs, targets)."""

    def fit(self, x: Tensor, y: Tensor) -> None:
        """Find the state for inputs (N, ...) and targets (N,) or (N, targets)."""
        raise NotImplementedError

    def predict(self, x: Tensor) -> Tensor:
        """The outputs for inputs (N, ...)."""
        with torch.no_grad():
            return self(x)


class Model(LightningModule):
    """A net with its objective.

    A new objective writes `loss(batch) -> (Tensor, {name: scalar})`, and where it applies
    `predict(inputs)` (physical units, probabilities) and `evaluate(batch)` (for metrics).

    Logs `train/loss` and `train/<scalar>` every `trainer.log_every_n_steps` steps, `val/...` and
    `test/...` for loss, scalars and metrics once a pass, and `lr`.

    Attributes:
        needs_grad: derivatives are needed at validation and test time too.
        takes_pairs: `evaluate` takes (inputs, targets), so that shapes can be checked with made-up ones.
        fitted_at_once: the model has `fit_at_once(x, y, val)` and takes no training steps.
        steps_itself: the model has `step(batch)`, which changes its parameters itself, with optimizers of its own.
    """

    needs_grad = False
    takes_pairs = True
    fitted_at_once = False
    steps_itself = False

    def __init__(self, *, metrics: Mapping[str, Metric] | None = None):
        super().__init__()
        self.automatic_optimization = False
        self.val_metrics = nn.ModuleDict(dict(metrics or {}))
        self.test_metrics = nn.ModuleDict({name: metric.clone() for name, metric in (metrics or {}).items()})
        self.pace = Pace()
        self.seed = 0
        self.block: dict[str, Any] = {}
        self.after_step: list[Callable[[], None]] = []
        self.resumed_random_state: dict[str, Any] | None = None
        self._tally: dict[str, Tensor] = {}
        self._tallied = 0

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch and further scalars to log."""
        raise NotImplementedError(f"{type(self).__name__} has no loss(batch)")

    def step(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Of a model that `steps_itself`: one whole training step, counted as one; loss and scalars to log."""
        raise NotImplementedError(f"{type(self).__name__} has no step(batch)")

    def logged(self, scalars: Mapping[str, float]) -> None:
        """Look at the means of a log line of the training, by name; nothing to do unless a model watches itself."""

    def begin(self, data: Any) -> None:
        """Take from the data what training starts from: before the first step of a run, not when it continues."""

    def ready(self) -> None:
        """Make the first `loss` possible outside of a trainer, where a model needs more than a batch for it."""

    def residuals(self, batch: Any) -> Any:
        """For optimizers of least squares: an object that gives residual rows, and their Jacobian."""
        raise ConfigError(
            f"optimizer: {type(self.pace.optimizer).__name__} minimises sums of squares with a Jacobian; "
            f"{type(self).__name__} has none. Use it with model=pinn, or take another optimizer"
        )

    def final_metrics(self, data: Any) -> dict[str, float]:
        """Further test values of the finished model, by name (`test/...`)."""
        return {}

    def extras(self, inputs: Tensor) -> dict[str, Tensor]:
        """Further values at the inputs, for figures."""
        return {}

    def predict(self, inputs: Tensor) -> Tensor:
        """The answer for inputs, in physical units."""
        return self(inputs)

    @property
    def predicts(self) -> bool:
        """Whether `predict` answers: the class has it, or a `forward`; generative models need neither."""
        return type(self).predict is not Model.predict or type(self).forward is not LightningModule.forward

    def evaluate(self, batch: Any) -> Evaluation:
        """Judge a batch of validation or test data."""
        loss, scalars = self.loss(batch)
        return Evaluation(loss=loss, scalars=scalars)

    def configure_optimizers(self) -> Any:
        """The optimizer and schedule that `run` handed over in `pace`."""
        optimizer = self.pace.build(self)
        return [optimizer]

    def on_train_epoch_start(self) -> None:
        """Every random draw of an epoch is a function of (seed, epoch, rank), also after a resume."""
        from mlsci.data.order import restore_random_state

        seed_all(self.seed, self.current_epoch, self.global_rank)
        if self.resumed_random_state is not None:
            restore_random_state(self.resumed_random_state)
            self.resumed_random_state = None

    def training_step(self, block: Any, batch_idx: int) -> None:
        """Take the steps of a block of batches and log their mean loss."""
        take_steps(self, block if isinstance(block, Block) else [block])

    def on_train_epoch_end(self) -> None:
        """Step a schedule that counts epochs."""
        self.pace.epoch_ended(self)

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Add a batch to the validation metrics."""
        self._judge(batch, self.val_metrics)

    def test_step(self, batch: Any, batch_idx: int) -> None:
        """Add a batch to the test metrics."""
        self._judge(batch, self.test_metrics)

    def on_validation_epoch_end(self) -> None:
        """Log the validation metrics."""
        self._log_judgement("val", self.val_metrics)

    def on_test_epoch_end(self) -> None:
        """Log the test metrics."""
        self._log_judgement("test", self.test_metrics)

    def progress(self, steps: int) -> float:
        """How much of a training of so many steps is done, 0 to 1."""
        if self.pace.progress is not None:
            return self.pace.progress
        trainer = self._trainer
        done = self.pace.steps + (trainer.global_step if trainer is not None else 0)
        return min(done / max(steps, 1), 1.0)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the block that makes the file self-describing."""
        checkpoint["mlsci"] = dict(self.block)

    def _judge(self, batch: Any, metrics: nn.ModuleDict) -> None:
        found = self.evaluate(batch)
        count = len(found.targets) if found.targets is not None else 1
        for name, value in {"loss": found.loss, **found.scalars}.items():
            self._tally[name] = self._tally.get(name, torch.zeros((), device=value.device)) + value.detach() * count
        self._tallied += count
        if found.predictions is not None and found.targets is not None:
            for metric in metrics.values():
                metric.update(found.predictions.detach(), found.targets)  # type: ignore[operator]

    def _log_judgement(self, stage: str, metrics: nn.ModuleDict) -> None:
        """One `self.log` a value and pass: batches are weighted by their size, devices by theirs."""
        total = self.all_reduce_sum(torch.tensor(float(self._tallied)))
        for name, value in self._tally.items():
            mean = self.all_reduce_sum(value.double().cpu()) / total
            self.log(f"{stage}/{name}", mean.float(), rank_zero_only=False)
        for name, metric in metrics.items():
            if metric.update_called:  # there may be no targets to compare with
                self.log(f"{stage}/{name}", metric.compute().float())  # type: ignore[operator]
                metric.reset()  # type: ignore[operator]
        self._tally, self._tallied = {}, 0

    def all_reduce_sum(self, value: Tensor) -> Tensor:
        """The sum over devices."""
        if self.trainer.world_size == 1:
            return value
        return self.trainer.strategy.reduce(value.to(self.device), reduce_op="sum").cpu()
