"""Weights of two-dimensional convolutions with their channels innermost in memory, while a model is trained."""

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn


class ChannelsLast(Callback):
    """Faster training of convolutional nets for pictures on CPUs and GPUs; the same numbers, but for rounding.

    Only the order in memory changes; after training it is the ordinary one, which exporters expect.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Channels innermost, before others (EMA, optimizers) take copies of the weights."""
        if stage == "fit":
            _arrange(pl_module, torch.channels_last)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """The ordinary order."""
        if stage == "fit":
            _arrange(pl_module, torch.contiguous_format)


def _arrange(model: nn.Module, order: torch.memory_format) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            # `contiguous` would leave one channel as it is, whose strides still decide which kernels run.
            module.weight.data = module.weight.data.to(memory_format=order)
