"""Start from the net of another checkpoint."""

import json
import math
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from mlsci import checkpoint
from mlsci.errors import CheckpointError, ConfigError
from mlsci.models.potential import Potential

KEY = "callbacks.finetune.checkpoint"


class FineTune(Callback):
    """Gives a potential the weights of another one before its first step; energies of free atoms stay its own.

    The scale stays that of the weights, which were trained for it. So were they for the numbers of the net, of which
    net.neighbours comes from the data where it is not given. A resumed run goes on from its own state.

    Args:
        checkpoint: a best.ckpt or last.ckpt of a potential with the same net, elements and cutoff.

    Raises:
        ConfigError: no checkpoint; another kind of model, fewer members, other elements, another cutoff or net.
    """

    def __init__(self, *, checkpoint: str):
        self.path = Path(checkpoint)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Copy the weights, unless the run is a continued one."""
        if trainer.global_step > 0:
            return
        try:
            payload = checkpoint.read(self.path)
            source = checkpoint.model(payload)
        except CheckpointError as error:
            raise ConfigError(f"{KEY}: {error}") from error
        self._check(source, pl_module)
        self._check_net(payload, pl_module)
        with torch.no_grad():
            for place, net in enumerate(pl_module.nets):  # type: ignore[arg-type]
                net.load_state_dict(source.nets[place].state_dict())
            pl_module.scale.copy_(source.scale)  # type: ignore[operator]

    def _check(self, source: object, model: LightningModule) -> None:
        if not isinstance(model, Potential) or not isinstance(source, Potential):
            kinds = f"{type(source).__name__} for a {type(model).__name__}"
            raise ConfigError(f"{KEY}: expected a Potential for a Potential, got a {kinds}")
        theirs, ours = len(source.nets), len(model.nets)
        if theirs < ours:
            raise ConfigError(
                f"{KEY}: {self.path} has model.members={theirs}, expected at least model.members={ours}: "
                f"members that start equal stay so, and never disagree"
            )
        if source.elements != model.elements:
            known, found = (", ".join(one.symbols) for one in (source, model))
            raise ConfigError(f"{KEY}: {self.path} knows {known}; the training frames hold {found}; expected the same")
        if not math.isclose(source.cutoff, model.cutoff):
            raise ConfigError(
                f"{KEY}: {self.path} has a cutoff of {source.cutoff:g} Å, expected that of the data, {model.cutoff:g} "
                f"Å; take data.cutoff={source.cutoff:g}"
            )

    def _check_net(self, payload: dict[str, Any], model: LightningModule) -> None:
        """The same net, also in numbers that are no weights: those were trained with the mean number of neighbours."""
        theirs = checkpoint.describe(payload).config["model"]["net"]
        ours = json.loads(model.block["config"])["model"]["net"]  # type: ignore[index, arg-type]
        wrong = {key: value for key, value in theirs.items() if key != "species" and ours.get(key) != value}
        if wrong.pop("_target_", None):
            raise ConfigError(f"{KEY}: {self.path} holds a {theirs['_target_']}, expected a {ours['_target_']}")
        if wrong:
            words = " ".join(f"net.{key}={json.dumps(value, separators=(',', ':'))}" for key, value in wrong.items())
            raise ConfigError(f"{KEY}: {self.path} holds another net; train with {words}")
