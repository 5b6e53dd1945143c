"""Continue a run from its last.ckpt, bit for bit."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer import call

from mlsci.models.base import Model
from mlsci.models.loop import set_position


class Resume(Callback):
    """Puts weights, optimizer, schedule, callbacks, counters, data position and random state back.

    Args:
        payload: what `mlsci.checkpoint.read` returned for a last.ckpt.
    """

    def __init__(self, payload: dict[str, Any]):
        self.payload = payload
        self.position = payload["mlsci"]["resume"]

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Weights and counters, before the loop looks at them."""
        pl_module.load_state_dict(self.payload["state_dict"])
        set_position(trainer, epochs=self.position["epochs"], steps=self.position["global_step"])
        trainer.datamodule.train_dataloader().position = self.position["batches"]  # type: ignore[attr-defined]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Optimizer, schedule, callbacks and random state, once they exist."""
        if not isinstance(pl_module, Model):
            raise TypeError(f"expected a mlsci Model, got {type(pl_module).__name__}")
        trainer.strategy.load_optimizer_state_dict(self.payload)
        if pl_module.pace.schedule is not None and self.position["schedule"] is not None:
            pl_module.pace.schedule.load_state_dict(self.position["schedule"])
        call._call_callbacks_on_load_checkpoint(trainer, self.payload)
        call._call_callbacks_load_state_dict(trainer, self.payload)
        pl_module.resumed_random_state = self.position["random"]
