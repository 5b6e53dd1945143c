"""Samples of a generative model beside the test part, by any comparisons, when the model is tested."""

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torch.utils.data import TensorDataset

from mlsci.data.order import seed_all
from mlsci.errors import ConfigError
from mlsci.metrics.samples.base import Comparison

AT_ONCE = 1000  # samples that are drawn in one piece
STREAM = 7919  # of random numbers, apart from those of training


class SampleQuality(Callback):
    """Logs `test/<name>_<value>` for every comparison of samples with the inputs of the test part.

    The model has `sample(n)`, or `sample_as(condition)` and `condition`, in which case samples are drawn under the
    targets of the test part. Works with any model by config alone: `callbacks=[default,field_quality]`. Comparisons
    are objects (samples (N, *shape), truth (M, *shape)) -> {value: number}, mlsci.metrics.samples.

    Args:
        comparisons: by name; None leaves one out.
        samples: how many are drawn; None: as many as the test part has.

    Raises:
        ConfigError: a model that cannot sample, fewer than one sample, or no test part in memory.
    """

    def __init__(self, *, comparisons: Mapping[str, Comparison | None], samples: int | None = None):
        if samples is not None and samples < 1:
            raise ConfigError(f"callbacks: samples: expected at least 1, got {samples}")
        self.comparisons = {name: one for name, one in comparisons.items() if one is not None}
        self.samples = samples

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw, compare, log; every device draws the same, so that all log the same."""
        part = trainer.datamodule.split("test")  # type: ignore[attr-defined]
        if not isinstance(part, TensorDataset):
            raise ConfigError("callbacks: SampleQuality needs a test part in memory (inputs and targets)")
        truth, targets = (tensor.to(pl_module.device) for tensor in part.tensors)
        with torch.random.fork_rng(devices=[]):
            seed_all(int(getattr(pl_module, "seed", 0)), STREAM, 0)
            samples = drawn(pl_module, self.samples or len(truth), targets)
        finite = torch.isfinite(samples.flatten(1)).all(dim=1)
        pl_module.log("test/finite_samples", finite.float().mean())
        if not bool(finite.all()):
            text = f"{int((~finite).sum())} of {len(finite)} samples are not finite and are left out"
            warnings.warn(f"sample quality: {text}", RuntimeWarning, stacklevel=2)
        if not bool(finite.any()):
            return
        samples = samples[finite]
        for name, comparison in self.comparisons.items():
            for key, value in comparison(samples, truth).items():
                pl_module.log(f"test/{name}_{key}", value)


def drawn(model: Any, n: int, targets: Tensor) -> Tensor:
    """n samples of a model, under the targets in turn where it is told of them."""
    if not hasattr(model, "sample"):
        raise ConfigError(f"callbacks: SampleQuality: a {type(model).__name__} cannot sample; generative models can")
    conditional = hasattr(model, "sample_as") and hasattr(model, "condition")
    pieces = []
    for index in torch.arange(n, device=targets.device).split(AT_ONCE):
        if conditional:
            pieces.append(model.sample_as(model.condition(targets[index % len(targets)])).detach())
        else:
            pieces.append(model.sample(len(index)).detach())
    return torch.cat(pieces)
