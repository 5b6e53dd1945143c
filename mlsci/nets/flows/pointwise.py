"""One increasing map of the values of a field, the same at each of its points."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mlsci.nets.flows.elementwise import Elementwise
from mlsci.nets.flows.spline import RationalQuadraticSpline
from mlsci.nets.flows.transform import Transform


class Pointwise(Transform):
    """z = T(x; p) at every point, with parameters p for each channel, which a condition shifts.

    Below a spectral filter it makes a Gaussian field of any local function of one, as the logarithm does of galaxy
    densities (Neyrinck et al. 2009, arXiv:0903.4693): `flow=local_gaussian`.

    Args:
        shape: of one input, (channels, *grid).
        elementwise: the map; a spline unless given.
        features: of the condition.
    """

    def __init__(self, *, shape: Sequence[int], elementwise: Elementwise | None = None, features: int = 0) -> None:
        super().__init__()
        self.elementwise: Elementwise = RationalQuadraticSpline() if elementwise is None else elementwise
        self.points = (1,) * (len(shape) - 1)
        self.knots = nn.Parameter(torch.zeros(shape[0], self.elementwise.count))
        self.shift = nn.Linear(features, self.knots.numel(), bias=False) if features else None
        if self.shift is not None:
            nn.init.zeros_(self.shift.weight)

    def parameters_of(self, x: Tensor, condition: Tensor) -> Tensor:
        """p (B or 1, channels, 1, ..., 1, count) for x (B, channels, *grid)."""
        p = self.knots.unsqueeze(0)  # (1, channels, count)
        if self.shift is not None:
            p = p + self.shift(condition).reshape(len(x), *self.knots.shape)
        return p.reshape(len(p), len(self.knots), *self.points, -1)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        z, log_slope = self.elementwise(x, self.parameters_of(x, condition))
        return z, log_slope.flatten(1).sum(dim=1)

    def inverse(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        x, log_slope = self.elementwise.inverse(z, self.parameters_of(z, condition))
        return x, log_slope.flatten(1).sum(dim=1)
