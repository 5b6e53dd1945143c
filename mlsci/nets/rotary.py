"""Rotary positions: attention that sees how far apart two tokens are (Su et al. 2021, arXiv:2104.09864)."""

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn


class Rotary(nn.Module):
    """Turns queries and keys (B, heads, T, head_dim) by angles that grow with position, so that q·k keeps differences.

    Pairs of features turn at the frequencies base^(-2 i / d), i = 0 ... d/2 - 1, where d is head_dim for sequences;
    with more axes, as rows and columns of pictures, each has its own share d = head_dim / axes. `positions` are
    (tokens, axes), and fewer tokens than these may come.
    Raises ValueError for a head_dim that cannot be shared out in pairs.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, positions: Tensor, *, head_dim: int, base: float = 10_000.0) -> None:
        super().__init__()
        axes = positions.shape[1]
        if head_dim % (2 * axes):
            raise ValueError(
                f"rotary positions on {axes} {'axis' if axes == 1 else 'axes'} need width / heads to be a multiple "
                f"of {2 * axes}, got {head_dim}"
            )
        share = head_dim // axes
        frequency = base ** -(torch.arange(0, share, 2, dtype=torch.float64) / share)  # (share / 2,)
        self._angles = (positions.double().unsqueeze(2) * frequency).flatten(1)  # (tokens, head_dim / 2)
        empty = torch.empty(())
        self.register_buffer("cos", empty, persistent=False)
        self.register_buffer("sin", empty, persistent=False)
        self._fill()

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[2]
        cos, sin = self.cos[:length], self.sin[:length]  # (T, head_dim / 2)
        even, odd = x.chunk(2, dim=3)  # (B, heads, T, head_dim / 2)
        return torch.cat((even * cos - odd * sin, odd * cos + even * sin), dim=3)  # (B, heads, T, head_dim)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # `.double()` on rounded float32 numbers would leave every angle wrong in its eighth digit.
        super()._apply(fn, recurse)
        self._fill()
        return self

    def _fill(self) -> None:
        like: dict[str, Any] = {"dtype": self.cos.dtype, "device": self.cos.device}
        self.cos, self.sin = self._angles.cos().to(**like), self._angles.sin().to(**like)
