"""Start from the net of another checkpoint."""

import math
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from mlsci import checkpoint
from mlsci.errors import ConfigError
from mlsci.models.potential import Potential


class FineTune(Callback):
    """Gives a potential the weights of another one before its first step; energies of free atoms stay its own.

    The scale stays that of the weights, as they were trained for it. A resumed run goes on from its own state.

    Args:
        checkpoint: a best.ckpt or last.ckpt of a potential with the same net, elements and cutoff.

    Raises:
        ConfigError: another kind of model, other elements, another cutoff, or weights of other shapes.
    """

    def __init__(self, *, checkpoint: str):
        self.path = Path(checkpoint)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Copy the weights, unless the run is a continued one."""
        if trainer.global_step > 0:
            return
        source = checkpoint.model(checkpoint.read(self.path))
        self._check(source, pl_module)
        with torch.no_grad():
            for place, net in enumerate(pl_module.nets):  # type: ignore[arg-type]
                net.load_state_dict(source.nets[place % len(source.nets)].state_dict())
            pl_module.scale.copy_(source.scale)  # type: ignore[operator]

    def _check(self, source: object, model: LightningModule) -> None:
        if not isinstance(model, Potential) or not isinstance(source, Potential):
            kinds = f"{type(source).__name__} for a {type(model).__name__}"
            raise ConfigError(f"callbacks.finetune.checkpoint: expected a Potential for a Potential, got a {kinds}")
        for name in ("elements", "cutoff"):
            theirs, ours = getattr(source, name), getattr(model, name)
            if theirs != ours and not (name == "cutoff" and math.isclose(theirs, ours)):
                raise ConfigError(f"callbacks.finetune.checkpoint: its {name} are {theirs}, those of the data {ours}")
        shapes = [{k: tuple(v.shape) for k, v in one.nets[0].state_dict().items()} for one in (source, model)]
        wrong = [key for key in shapes[0].keys() | shapes[1].keys() if shapes[0].get(key) != shapes[1].get(key)]
        if wrong:
            key = sorted(wrong)[0]
            raise ConfigError(
                f"callbacks.finetune.checkpoint: another net: {key} has shape {shapes[0].get(key)}, expected "
                f"{shapes[1].get(key)}; take the net of {self.path}"
            )
