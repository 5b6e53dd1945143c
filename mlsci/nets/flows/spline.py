"""Monotonic rational quadratic splines (Gregory & Delbourgo 1982; Durkan et al. 2019, arXiv:1906.04032)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


class RationalQuadraticSpline:
    """y = T(x), a spline of `bins` pieces on [-bound, bound], and y = x outside, where it is joined smoothly.

    p holds, for each x or for a whole axis of them (size 1), `bins` logits of widths, `bins` of heights and `bins` - 1
    of slopes at the inner knots; widths and heights are softmax shares of 2 bound, none below `smallest` of the even
    share, and slopes are positive. Zeros are the identity. Raises ValueError for fewer than two bins and a bound that
    is not positive.
    """

    def __init__(self, *, bins: int = 8, bound: float = 4.0, smallest: float = 0.02) -> None:
        if bins < 2 or bound <= 0 or not 0 < smallest < 1:
            raise ValueError(
                f"RationalQuadraticSpline: expected bins >= 2, bound > 0 and 0 < smallest < 1, "
                f"got {bins}, {bound} and {smallest}"
            )
        self.bins, self.bound, self.smallest = bins, bound, smallest
        self.count = 3 * bins - 1

    def __call__(self, x: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        inside = x.abs() < self.bound
        held = x.clamp(-self.bound, self.bound)
        left, width, low, height, slope, next_slope = self._piece(held, p, by_height=False)
        share = ((held - left) / width).clamp(0, 1)
        mean = height / width
        product = share * (1 - share)
        below = mean + (slope + next_slope - 2 * mean) * product
        y = low + height * (mean * share.square() + slope * product) / below
        return torch.where(inside, y, x), torch.where(inside, self._log_slope(share, mean, slope, next_slope), 0.0)

    def inverse(self, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """Back to x by the root of a quadratic equation in each piece."""
        inside = y.abs() < self.bound
        held = y.clamp(-self.bound, self.bound)
        left, width, low, height, slope, next_slope = self._piece(held, p, by_height=True)
        mean, above = height / width, held - low
        bend = slope + next_slope - 2 * mean
        a = height * (mean - slope) + above * bend
        b = height * slope - above * bend
        c = -mean * above
        # the form of the root that does not cancel
        share = (2 * c / (-b - (b.square() - 4 * a * c).clamp_min(0).sqrt())).clamp(0, 1)
        x = left + share * width
        return torch.where(inside, x, y), torch.where(inside, -self._log_slope(share, mean, slope, next_slope), 0.0)

    def reflected(self, p: Tensor) -> Tensor:
        """The pieces in the opposite order."""
        parts = p.split((self.bins, self.bins, self.bins - 1), dim=-1)
        return torch.cat([part.flip(-1) for part in parts], dim=-1)

    def _log_slope(self, share: Tensor, mean: Tensor, slope: Tensor, next_slope: Tensor) -> Tensor:
        product = share * (1 - share)
        below = mean + (slope + next_slope - 2 * mean) * product
        above = next_slope * share.square() + 2 * mean * product + slope * (1 - share).square()
        return 2 * mean.log() + above.log() - 2 * below.log()

    def _piece(self, at: Tensor, p: Tensor, *, by_height: bool) -> tuple[Tensor, ...]:
        """Left end, width, lower end, height and both slopes of the piece around each number, shape of `at`."""
        wide, high, steep = p.split((self.bins, self.bins, self.bins - 1), dim=-1)
        widths, x = self._knots(wide)
        heights, y = self._knots(high)
        # softplus of the shift is 1: zeros mean slope 1, which is also that of the outside
        slopes = F.pad(F.softplus(steep + math.log(math.e - 1)) + 1e-3, (1, 1), value=1.0)
        knots = (y if by_height else x)[..., 1:-1]
        index = (at.unsqueeze(-1) >= knots).sum(dim=-1)  # the shape of `at`
        own = p.shape[:-1] == at.shape
        row = 0 if own else torch.arange(p[..., 0].numel(), device=p.device).reshape(p.shape[:-1])

        def of(values: Tensor, shift: int = 0) -> Tensor:
            if own:
                return values.gather(-1, (index + shift).unsqueeze(-1)).squeeze(-1)
            return values.take(row * values.shape[-1] + index + shift)  # p of several numbers is not copied

        return of(x), of(widths), of(y), of(heights), of(slopes), of(slopes, 1)

    def _knots(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Sizes (..., bins) that sum to 2 bound, and the knots (..., bins + 1) between them."""
        shares = self.smallest / self.bins + (1 - self.smallest) * logits.softmax(dim=-1)
        knots = F.pad(2 * self.bound * shares.cumsum(dim=-1) - self.bound, (1, 0), value=-self.bound)
        knots = torch.cat((knots[..., :-1], torch.full_like(knots[..., -1:], self.bound)), dim=-1)
        return knots.diff(dim=-1), knots
