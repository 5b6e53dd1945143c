"""Real values with normal noise, whose deviation is learned."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mlsci.models.likelihoods.base import Likelihood, summed


class Gaussian(Likelihood):
    """x = output + σ n with n ~ N(0, 1) and one learned σ, or one for each element of `shape`.

    Args:
        std: σ at the start, in the units of the (scaled) data.
        learned: whether σ is fitted with the nets.
        shape: of σ, which broadcasts to one x; () for one number.
        lowest: σ stays above it, as the likelihood has no bound where data can be matched exactly.

    Raises:
        ValueError: a deviation that is not above `lowest`.
    """

    def __init__(
        self, *, std: float = 1.0, learned: bool = True, shape: Sequence[int] = (), lowest: float = 1e-4
    ) -> None:
        super().__init__()
        if not 0 < lowest < std:
            raise ValueError(f"Gaussian: expected 0 < lowest < std, got lowest={lowest}, std={std}")
        self.lowest = lowest
        self.log_std = nn.Parameter(torch.full(tuple(shape), math.log(std)), requires_grad=learned)

    @property
    def std(self) -> Tensor:
        """σ, () or of its shape."""
        return self.log_std.exp().clamp_min(self.lowest)

    def log_prob(self, outputs: Tensor, x: Tensor) -> Tensor:
        log_std = self.log_std.clamp_min(math.log(self.lowest))
        if self.log_std.ndim == 0:  # one pass over the elements less
            squares = summed((x - outputs).square(), x)
            return -0.5 * squares * (-2 * log_std).exp() - x[0].numel() * (log_std + 0.5 * math.log(2 * math.pi))
        z = (x - outputs) * (-log_std).exp()
        return -summed(0.5 * z.square() + log_std + 0.5 * math.log(2 * math.pi), x)

    def mean(self, outputs: Tensor) -> Tensor:
        return outputs

    def sample(self, outputs: Tensor) -> Tensor:
        return outputs + self.std * torch.randn_like(outputs)
