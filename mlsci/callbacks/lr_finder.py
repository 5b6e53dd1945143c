"""Learning-rate range test (Smith 2017, Cyclical learning rates for training neural networks)."""

import copy
import math
from collections.abc import Iterator
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from rich.console import Console

from mlsci.data.loaders import TrainLoader
from mlsci.errors import ConfigError
from mlsci.models.base import Model
from mlsci.models.loop import train_loader


class LRFinder(Callback):
    """Trains a copy for `steps` steps while the learning rate grows geometrically; suggests the steepest place.

    The suggestion is the rate at which the smoothed loss falls fastest. Model, optimizer and random state
    are as before afterwards.

    Args:
        lowest: first learning rate.
        highest: last learning rate.
        steps: of the test.
        apply: train with the suggestion; otherwise it is only printed.
    """

    def __init__(self, *, lowest: float = 1e-6, highest: float = 1.0, steps: int = 100, apply: bool = False):
        if not 0 < lowest < highest:
            raise ConfigError(f"callbacks.lr_finder: expected 0 < lowest < highest, got {lowest} and {highest}")
        self.lowest = lowest
        self.highest = highest
        self.steps = steps
        self.apply = apply
        self.suggestion: float | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Run the test before the first epoch of a fresh run."""
        if not isinstance(pl_module, Model) or trainer.world_size > 1:
            raise ConfigError("callbacks.lr_finder: needs a mlsci model on a single device")
        if trainer.global_step > 0:
            return
        weights = copy.deepcopy(pl_module.state_dict())
        with torch.random.fork_rng(devices=[]):
            rates, losses = self._test(trainer, pl_module)
        pl_module.load_state_dict(weights)
        self.suggestion = steepest(rates, losses)
        Console().print(f"learning-rate test: suggests optimizer.lr={self.suggestion:.2g}")
        if self.apply and pl_module.pace.optimizer is not None:
            for group in pl_module.pace.optimizer.param_groups:
                group["lr"] = self.suggestion

    def _test(self, trainer: Trainer, model: Model) -> tuple[list[float], list[float]]:
        """The learning rates and the smoothed losses until these grow fourfold over their best."""
        pace, loader = model.pace, train_loader(trainer)
        if loader is None:
            raise ConfigError("callbacks.lr_finder: needs the data's own training loader")
        if pace.make_optimizer is None:
            raise ConfigError("callbacks.lr_finder: the model has no optimizer to test")
        optimizer = pace.make_optimizer(pace.parameters)
        growth = (self.highest / self.lowest) ** (1 / max(self.steps - 1, 1))
        rates: list[float] = []
        losses: list[float] = []
        for batch in _batches(loader, self.steps):
            rates.append(self.lowest * growth ** len(rates))
            for group in optimizer.param_groups:
                group["lr"] = rates[-1]
            optimizer.zero_grad()
            loss, _ = model.loss(batch)
            loss.backward()
            optimizer.step()
            value = float(loss.detach())
            losses.append(0.8 * losses[-1] + 0.2 * value if losses else value)
            if not math.isfinite(losses[-1]) or losses[-1] > 4 * min(losses):
                break
        optimizer.zero_grad()
        loader.position = 0
        return rates, losses


def _batches(loader: TrainLoader, steps: int) -> Iterator[Any]:
    """`steps` batches, over as many passes as it takes."""
    left = steps
    while left > 0:
        loader.position = 0
        for block in loader:
            for batch in block:
                yield batch
                left -= 1
                if left == 0:
                    return


def steepest(rates: list[float], losses: list[float]) -> float:
    """The rate where the loss falls fastest against log(rate); the first tenth is warm-up."""
    falls = [losses[i] - losses[i + 1] for i in range(len(losses) - 1)]
    start = len(falls) // 10
    if len(falls) - start < 1:
        return rates[0]
    best = max(range(start, len(falls)), key=lambda i: falls[i] if math.isfinite(falls[i]) else -math.inf)
    return rates[best]
