"""Features of samples for metrics: what a trained net of ours gives to its last layer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mlsci import checkpoint
from mlsci.errors import ConfigError

AT_ONCE = 1000


class CheckpointFeatures:
    """samples (N, *shape) -> (N, d): the input of a layer of a checkpoint's model, for Fréchet and kernel distances.

    The net saw nothing but data of ours, so that a distance means something for them: train
    `mlsci train data=mnist net=cnn model=supervised`, then `features.path=.../best.ckpt`.

    Args:
        path: of the checkpoint; it is read when features are asked for.
        layer: name of the layer inside the model; None: its last linear one.
        trust: packages outside of mlsci that it may need.

    Raises:
        ConfigError: no path, no such layer, or one that the samples do not pass.
    """

    def __init__(self, *, path: str | None = None, layer: str | None = None, trust: Sequence[str] = ()):
        self.path = path
        self.layer = layer
        self.trust = tuple(trust)
        self._model: Any = None

    def __call__(self, samples: Tensor) -> Tensor:
        if self.path is None:
            raise ConfigError("features.path: expected a checkpoint of a classifier of the same samples, got null")
        if self._model is None:
            self._model = checkpoint.model(checkpoint.read(self.path), trust=self.trust).eval()
        model = self._model.to(samples.device)
        seen: list[Tensor] = []
        hook = self._found(model).register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        try:
            with torch.no_grad():
                for part in samples.split(AT_ONCE):
                    model.predict(part)
        finally:
            hook.remove()
        if not seen:
            raise ConfigError(f"features.layer: {self.layer}: the samples do not pass it")
        return torch.cat(seen).flatten(1)

    def _found(self, model: nn.Module) -> nn.Module:
        layers = {name: one for name, one in model.named_modules() if isinstance(one, nn.Linear)}
        if self.layer is None and layers:
            return list(layers.values())[-1]
        every = dict(model.named_modules())
        if self.layer is None or self.layer not in every:
            known = ", ".join(name for name in layers) or "no linear layer"
            raise ConfigError(f"features.layer: {self.layer}: expected a layer of {self.path}, such as {known}")
        return every[self.layer]
