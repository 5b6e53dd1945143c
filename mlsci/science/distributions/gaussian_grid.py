"""A grid of equal round normal distributions in the plane, the test of mode collapse."""

import math

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.distributions.base import Distribution


class GaussianGrid(Distribution):
    """side² modes with centres at distances `spacing` around the origin; the label is the number of the mode.

    Args:
        side: modes along each axis, at least 2.
        spacing: between neighbours.
        std: of each mode, along each axis.

    Raises:
        ConfigError: fewer than 2 modes a side, or a spacing or deviation that is not positive.
    """

    shape = (2,)
    label_shape = ()

    def __init__(self, *, side: int = 5, spacing: float = 2.0, std: float = 0.05):
        if side < 2 or not spacing > 0 or not std > 0:
            raise ConfigError(
                f"distribution: expected side >= 2, spacing > 0, std > 0, got {side}, {spacing} and {std}"
            )
        line = spacing * (torch.arange(side, dtype=torch.float64) - (side - 1) / 2)
        self.centres = torch.cartesian_prod(line, line)  # (side², 2)
        self.std = std
        self.spacing = spacing
        self.classes = tuple(f"{x:g},{y:g}" for x, y in self.centres.tolist())

    def sample(self, n: int, *, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Points (n, 2) and the numbers of their modes (n,)."""
        mode = torch.randint(len(self.centres), (n,), generator=draw)
        noise = torch.randn(n, 2, generator=draw, dtype=torch.float64)
        return self.centres[mode] + self.std * noise, mode

    def log_prob(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """The log density (N,) of the mixture, or of the mode that a label (N,) names."""
        centres = self.centres.to(x.device)
        squares = torch.cdist(x.double(), centres, compute_mode="donot_use_mm_for_euclid_dist").square()
        each = -squares / (2 * self.std**2) - math.log(2 * math.pi * self.std**2)
        if label is not None:
            return each.gather(1, label.long()[:, None])[:, 0]
        return torch.logsumexp(each, dim=1) - math.log(len(centres))

    def entropy(self) -> float:
        """In nats, by a product of integrals over a line; exact for modes of any width."""
        line = self.centres[:, 1].unique()
        ends = float(line[0]) - 12 * self.std, float(line[-1]) + 12 * self.std
        x = torch.linspace(*ends, self._points(len(line)), dtype=torch.float64)
        each = -(x[:, None] - line).square() / (2 * self.std**2) - math.log(self.std * math.sqrt(2 * math.pi))
        log = torch.logsumexp(each, dim=1) - math.log(len(line))
        return -2 * float(torch.trapezoid(log.exp() * log, x))

    def _points(self, modes: int) -> int:
        """Twenty a standard deviation: the trapezoidal rule is exact to rounding for smooth functions that vanish."""
        return min(int(20 * ((modes - 1) * self.spacing / self.std + 24)) + 1, 2_000_001)
