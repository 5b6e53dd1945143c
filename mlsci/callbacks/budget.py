"""Training for so many CPU-seconds, whatever a step costs."""

import os

from lightning.pytorch import Callback, LightningModule, Trainer

from mlsci.errors import ConfigError
from mlsci.models.base import Model


class CPUBudget(Callback):
    """Ends the training after `seconds` of CPU time of this process and its compilers, counted from its first step.

    The learning rate follows the time: constant for the first part, then linearly down to zero at the end; a
    scheduler beside it is of no use (scheduler=none). The first step, which compiles, counts as time, but the rate
    follows what is left after it.

    Args:
        seconds: CPU time, compilation and validation included.
        constant: the part of the budget at the full learning rate, 0 to 1.

    Raises:
        ConfigError: no time, or another part.
    """

    def __init__(self, *, seconds: float, constant: float = 0.25):
        if seconds <= 0 or not 0 <= constant < 1:
            raise ConfigError(f"budget: expected seconds > 0 and 0 <= constant < 1, got {seconds} and {constant}")
        self.seconds, self.constant = seconds, constant
        self.spent = self.compiling = 0.0
        self._began = 0.0
        self._steps = 0
        self._rates: list[float] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock, after what a resumed run has spent."""
        if not isinstance(pl_module, Model):
            raise ConfigError("callbacks.budget: needs a model of mlsci")
        self._began, self._steps = _cpu() - self.spent, 0
        optimizer = pl_module.pace.optimizer
        groups = [] if optimizer is None else optimizer.param_groups
        self._rates = [group.setdefault("initial_lr", group["lr"]) for group in groups]
        self._trainer, self._model = trainer, pl_module
        pl_module.after_step.append(self._stepped)
        self._follow()

    def _stepped(self) -> None:
        before, self.spent = self.spent, _cpu() - self._began
        if self._steps == 0:
            self.compiling += self.spent - before
        self._steps += 1
        self._follow()

    def _follow(self) -> None:
        left = max(self.seconds - self.compiling, 1e-9)
        done = 1.0 if self.spent >= self.seconds else max(self.spent - self.compiling, 0.0) / left
        self._model.pace.progress = done
        factor = min((1 - done) / (1 - self.constant), 1.0)
        optimizer = self._model.pace.optimizer
        for group, rate in zip(optimizer.param_groups if optimizer else [], self._rates, strict=True):
            group["lr"] = rate * max(factor, 1e-6)
        if done >= 1:
            self._trainer.should_stop = True
            self._model.pace.exhausted = True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop counting."""
        if self._stepped in self._model.after_step:
            self._model.after_step.remove(self._stepped)

    def state_dict(self) -> dict[str, float]:
        """What is spent."""
        return {"spent": self.spent, "compiling": self.compiling}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Go on from there."""
        self.spent, self.compiling = state_dict["spent"], state_dict.get("compiling", 0.0)


def _cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])
