"""The norm of every layer's gradient, in the learning curves."""

from collections import defaultdict

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from mlsci.models.base import Model

PREFIX = "gradient/"


class GradientNorms(Callback):
    """Logs `train/gradient/<layer>`: the norm of the gradient of a layer's own parameters, before any clipping.

    It is a mean over the optimizer steps since the last log line. A layer is a module that has parameters itself.
    Optimizers that never go backward (least squares) have none.
    """

    def __init__(self) -> None:
        self._squares: dict[str, dict[str, Tensor]] = defaultdict(dict)
        self._hooks: list = []
        self._model: Model | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look at every gradient when it is complete."""
        if not isinstance(pl_module, Model):
            return
        self._model = pl_module
        for name, parameter in pl_module.named_parameters():
            if parameter.requires_grad:
                layer, _, own = name.rpartition(".")
                self._hooks.append(parameter.register_post_accumulate_grad_hook(self._keeper(layer or own, own)))
        pl_module.after_step.append(self._add)

    def _keeper(self, layer: str, own: str):
        def keep(parameter: Tensor) -> None:
            if parameter.grad is not None:
                self._squares[layer][own] = parameter.grad.detach().square().sum()

        return keep

    def _add(self) -> None:
        """After a step: the norms join the sums that the next log line divides by its number of batches."""
        if self._model is None:
            return
        pace = self._model.pace
        for layer, squares in self._squares.items():
            norm = sum(squares.values()).sqrt() * pace.accumulate  # type: ignore[union-attr]
            key = f"{PREFIX}{layer}"
            pace.total[key] = pace.total[key] + norm if key in pace.total else norm

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look no more."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        if self._model is not None and self._add in self._model.after_step:
            self._model.after_step.remove(self._add)
