"""Black and white: x = 1 with probability sigmoid(output)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from mlsci.models.likelihoods.base import Likelihood, summed


class Bernoulli(Likelihood):
    """log p(x | l) = Σ x l - log(1 + e^l) with outputs l; a density only where every x is 0 or 1."""

    def log_prob(self, outputs: Tensor, x: Tensor) -> Tensor:
        losses = F.binary_cross_entropy_with_logits(outputs, x.expand_as(outputs), reduction="none")
        return -summed(losses, x)

    def mean(self, outputs: Tensor) -> Tensor:
        return outputs.sigmoid()

    def sample(self, outputs: Tensor) -> Tensor:
        return torch.bernoulli(outputs.sigmoid())
