"""Criteria that torch has with tensors as options, which a config cannot write."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class WeightedCrossEntropy(nn.Module):
    """Cross entropy of logits (B, classes) with a weight for each class; the mean is over weights."""

    weights: Tensor

    def __init__(self, *, weights: Sequence[float], label_smoothing: float = 0.0):
        super().__init__()
        self.register_buffer("weights", torch.tensor(list(weights)))
        self.label_smoothing = label_smoothing

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.cross_entropy(outputs, targets, weight=self.weights, label_smoothing=self.label_smoothing)


class RelativeL2Loss(nn.Module):
    """The mean over samples (B, ...) of ‖output − target‖₂ / ‖target‖₂ (Li et al. 2021, arXiv:2010.08895)."""

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        difference = (outputs - targets).flatten(1).norm(dim=1)  # (B,)
        return (difference / targets.flatten(1).norm(dim=1)).mean()
