"""What the free Schrödinger equation makes of a kink."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class FreeKink:
    """The wave w with i w_t + w_xx / 2 = 0, periodic on (-half, half), that starts from a kink at x = ±half.

    It starts as slope · (half² - x²) / (2 half), whose first derivative jumps by 2 slope from one period to the next,
    by its first `modes` harmonics: w = mean + Σ a_m cos(k_m x) exp(-i k_m² t / 2) with k_m = π m / half and
    a_m = -2 slope · half (-1)^m / (π m)². The sum and the difference of w and its companion with sines in the place of
    i times the cosines are the waves that run to the right and to the left.

    Args:
        slope: of the kink, to its right.
        half: half of the period.
        modes: harmonics; what is left out of the start falls as modes^-1.5.
        imaginary: the imaginary part instead of the real one.
        companion: with sines of k_m x in the place of cosines.
    """

    slope: float
    half: float
    modes: int = 128
    imaginary: bool = False
    companion: bool = False

    def __call__(self, *columns: Tensor, orders: tuple[int, ...]) -> Tensor:
        """∂ₓ^i ∂ₜ^j w at x, t (N,) for orders (i, j): (N,)."""
        x, t = columns
        along_x, along_t = orders
        m = torch.arange(1, self.modes + 1, dtype=x.dtype, device=x.device)
        k = m * (math.pi / self.half)
        amplitude = -2 * self.slope * self.half * (1 - 2 * (m % 2)) / (math.pi * m) ** 2
        amplitude = amplitude * k**along_x * (0.5 * k**2) ** along_t
        # cos(φ + n π/2) is the n-th derivative of cos φ, and sin φ = cos(φ - π/2)
        turn = 0.5 * math.pi * (along_t + (1 if self.imaginary else 0))
        in_time = torch.cos(t[:, None] * (0.5 * k**2) + turn)  # (N, modes); -sin is the cosine a quarter later
        in_space = torch.cos(x[:, None] * k + 0.5 * math.pi * (along_x - self.companion))  # (N, modes)
        found = (in_space * in_time) @ amplitude  # (N,)
        constant = not any(orders) and not self.imaginary and not self.companion
        return found + self.slope * self.half / 3 if constant else found

    def start(self, x: Tensor) -> Tensor:
        """The kink itself, with all its harmonics, as a function that is smooth within the period."""
        return self.slope * (self.half**2 - x**2) / (2 * self.half)
