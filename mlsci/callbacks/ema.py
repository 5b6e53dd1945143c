"""Exponential moving average of the weights (Polyak averaging)."""

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from mlsci.models.base import Model


class EMA(Callback):
    """After step t: average <- d average + (1 - d) weights, with d = min(decay, (1 + t) / (10 + t)).

    Validation and test see the average, and it is what `state_dict` of a checkpoint holds; the raw weights
    travel in the callback's state, so that a resumed run goes on from them. Running statistics of
    normalisation layers are averaged too.

    Args:
        decay: a step; 0.99 averages over about the last hundred steps.
    """

    def __init__(self, *, decay: float = 0.99):
        if not 0 <= decay < 1:
            raise ValueError(f"decay: expected 0 <= decay < 1, got {decay}")
        self.decay = decay
        self.updates = 0
        self._average: list[Tensor] = []
        self._live: list[Tensor] = []
        self._swapped = False

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin with the weights as they are."""
        self._live = _floating(pl_module)
        self._average = [tensor.detach().clone() for tensor in self._live]
        if isinstance(pl_module, Model):
            pl_module.after_step.append(self._update)

    def _update(self) -> None:
        weight = 1 - min(self.decay, (1 + self.updates) / (10 + self.updates))
        with torch.no_grad():
            torch._foreach_lerp_(self._average, self._live, weight)
        self.updates += 1

    def _swap(self) -> None:
        with torch.no_grad():
            for average, live in zip(self._average, self._live, strict=True):
                kept = live.clone()
                live.copy_(average)
                average.copy_(kept)
        self._swapped = not self._swapped

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the average in place."""
        if self._average and not self._swapped:
            self._swap()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the raw weights back."""
        if self._swapped:
            self._swap()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """An error within validation must not leave the average in place of the raw weights."""
        if self._swapped:
            self._swap()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop averaging."""
        if isinstance(pl_module, Model) and self._update in pl_module.after_step:
            pl_module.after_step.remove(self._update)

    def state_dict(self) -> dict[str, Any]:
        """The raw weights, since `state_dict` of the checkpoint holds the average."""
        return {"updates": self.updates, "raw": [tensor.detach().clone() for tensor in self._live]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The model has just been given the average: keep it, and put the raw weights in its place."""
        self.updates = state_dict["updates"]
        with torch.no_grad():
            for average, live, raw in zip(self._average, self._live, state_dict["raw"], strict=True):
                average.copy_(live)
                live.copy_(raw)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Let the checkpoint's weights be the average."""
        averages = {tensor.data_ptr(): average for tensor, average in zip(self._live, self._average, strict=True)}
        weights = checkpoint["state_dict"]
        for name, tensor in weights.items():
            if tensor.data_ptr() in averages and not self._swapped:
                weights[name] = averages[tensor.data_ptr()]


def _floating(module: LightningModule) -> list[Tensor]:
    return [t for t in (*module.parameters(), *module.buffers()) if t.is_floating_point() and t.numel()]
