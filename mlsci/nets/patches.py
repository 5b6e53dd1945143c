"""Pictures and sequences as rows of patches, the tokens of a transformer, and back."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Patches(nn.Module):
    """Cuts (B, T, F) into (B, T / patch, F patch), or (B, C, H, W) into (B, H W / patch², C patch²), row by row.

    Attributes:
        tokens: how many patches there are.
        features: values of each.
        positions: (tokens, axes), the row and column of each patch, or its number in the sequence.
        grid: (T,) or (H, W).

    Raises ValueError for other shapes and for sides that `patch` does not divide.
    """

    def __init__(self, *, net: str, in_shape: Sequence[int], patch: int) -> None:
        super().__init__()
        shape = tuple(int(size) for size in in_shape)
        if len(shape) not in (2, 3) or min(shape) < 1:
            raise ValueError(
                f"{net} takes sequences (length, features), sets (size, features) or pictures "
                f"(channels, height, width), got inputs of shape {shape}"
            )
        self.grid = shape[:1] if len(shape) == 2 else shape[1:]
        if patch < 1 or any(side % patch for side in self.grid):
            raise ValueError(f"{net}: patch must divide {' and '.join(map(str, self.grid))}, got {patch}")
        self.patch = patch
        counts = [side // patch for side in self.grid]
        self.tokens = math.prod(counts)
        self.points = patch ** len(counts)  # in one patch
        self.features = (shape[1] if len(shape) == 2 else shape[0]) * self.points
        self.positions = torch.cartesian_prod(*(torch.arange(count) for count in counts)).view(self.tokens, -1)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 3:
            return x.unflatten(1, (-1, self.patch)).flatten(2)  # (B, T / patch, patch F)
        rows = x.unflatten(3, (-1, self.patch)).unflatten(2, (-1, self.patch))  # (B, C, H', patch, W', patch)
        return rows.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)  # (B, H' W', C patch²)

    def inverse(self, tokens: Tensor) -> Tensor:
        """From (B, tokens, F patch) to (B, T, F), from (B, tokens, C patch²) to (B, C, H, W)."""
        if len(self.grid) == 1:
            return tokens.unflatten(2, (self.patch, -1)).flatten(1, 2)  # (B, T, F)
        rows = tokens.unflatten(2, (-1, self.patch, self.patch)).unflatten(1, (-1, self.grid[1] // self.patch))
        return rows.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)  # (B, C, H, W)
