"""The contract of an invertible map between data and noise, and chains of them."""

from collections.abc import Sequence

from torch import Tensor, nn


class Transform(nn.Module):
    """x (B, *shape) <-> z (B, *shape) under a condition (B, features).

    `forward` goes from data to noise and gives z and log |dz/dx|; `inverse` goes back and gives x and log |dx/dz|,
    both logarithms (B,).
    """

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError(f"{type(self).__name__} has no forward(x, condition)")

    def inverse(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """From noise to data."""
        raise NotImplementedError(f"{type(self).__name__} has no inverse(z, condition)")


class Chain(Transform):
    """Transforms one after the other, the first one next to the data."""

    def __init__(self, parts: Sequence[Transform]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        total = x.new_zeros(len(x))  # (B,)
        for part in self.parts:
            x, log_det = part(x, condition)
            total = total + log_det
        return x, total

    def inverse(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        total = z.new_zeros(len(z))  # (B,)
        for part in reversed(self.parts):
            z, log_det = part.inverse(z, condition)  # type: ignore[operator]
            total = total + log_det
        return z, total
