"""Grey values on a fixed number of levels (Kingma et al. 2016, arXiv:1606.04934; Salimans et al. 2017)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.models.likelihoods.base import Likelihood, summed


class DiscretisedLogistic(Likelihood):
    """P(x = level k) = the mass of a logistic distribution (location output, scale s) in the bin around level k.

    The `levels` values lie evenly from `low` to `high`; the first and the last bin reach to infinity, so that the
    masses sum to 1. One scale s is learned. Probabilities, not densities: nothing is to be corrected for scaling.

    Args:
        scale: s at the start.

    Raises:
        ValueError: fewer than two levels, low not below high, a scale that is not positive.
    """

    def __init__(self, *, levels: int = 256, low: float = 0.0, high: float = 1.0, scale: float = 0.1) -> None:
        super().__init__()
        if levels < 2 or not low < high or scale <= 0:
            raise ValueError(
                f"DiscretisedLogistic: expected levels >= 2, low < high and scale > 0, "
                f"got {levels}, {low}, {high} and {scale}"
            )
        self.low, self.high = low, high
        self.width = (high - low) / (levels - 1)
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))

    def log_prob(self, outputs: Tensor, x: Tensor) -> Tensor:
        slope = (-self.log_scale).exp().clamp_max(1e4 / self.width)
        above = (x + 0.5 * self.width - outputs) * slope  # (..., B, *shape)
        below = above - self.width * slope
        # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^(b - a)), which does not cancel
        inside = torch.log(-torch.expm1(-self.width * slope))
        first, last = x < self.low + 0.5 * self.width, x > self.high - 0.5 * self.width
        upper = torch.where(last, 0.0, F.logsigmoid(above))
        lower = torch.where(first, 0.0, F.logsigmoid(-below))
        return summed(upper + lower + torch.where(first | last, 0.0, inside), x)

    def mean(self, outputs: Tensor) -> Tensor:
        return outputs.clamp(self.low, self.high)

    def sample(self, outputs: Tensor) -> Tensor:
        u = torch.rand_like(outputs).clamp(1e-6, 1 - 1e-6)
        x = outputs + self.log_scale.exp() * torch.logit(u)
        level = ((x - self.low) / self.width).round()
        return (self.low + self.width * level).clamp(self.low, self.high)
