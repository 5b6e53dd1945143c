"""Grey values as black and white by chance (Burda et al. 2016, arXiv:1509.00519, "dynamic binarisation")."""

import torch
from torch import Tensor, nn

FIRST, SECOND = -4658895280553007687, -7723592293110705685  # the multipliers of SplitMix64, as signed numbers


class Binarise(nn.Module):
    """x in [0, 1] of any shape (B, ...) -> 1 with probability x, else 0.

    Training draws anew at every step. Evaluation draws from (seed, picture) alone: the same picture becomes the same
    black and white one in every batch, run and verb. Raises ValueError for values outside of [0, 1].
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed

    def forward(self, x: Tensor) -> Tensor:
        looked_at = not self.training or x.device.type == "cpu"  # on a GPU every look waits for it
        if looked_at and not torch.compiler.is_compiling():
            low, high = x.aminmax()
            if not (low >= 0 and high <= 1):
                raise ValueError(f"Binarise: expected values from 0 to 1, got {float(low):.3g} to {float(high):.3g}")
        if self.training:
            return torch.rand_like(x).lt_(x)  # the shape of x; a quarter of the time of torch.bernoulli
        return (fixed_draws(x, seed=self.seed) < x).to(x.dtype)  # the shape of x


def fixed_draws(x: Tensor, *, seed: int) -> Tensor:
    """Uniform numbers in [0, 1) of the shape of x (B, ...) that depend on the seed and the whole row of x alone."""
    flat = (x.flatten(1).double() * 65536).round().long()  # (B, D)
    place = torch.arange(flat.shape[1], device=x.device) + 1
    key = mixed(place + (seed << 20))  # (D,)
    row = mixed((flat * key).sum(dim=1, keepdim=True))  # (B, 1), wraps around
    bits = mixed(row + key)  # (B, D)
    return ((bits >> 11) & ((1 << 53) - 1)).double().mul(2.0**-53).to(x.dtype).clamp(max=1 - 2**-24).reshape(x.shape)


def mixed(z: Tensor) -> Tensor:
    """The finaliser of SplitMix64 on int64: neighbouring numbers give unrelated ones."""
    z = (z ^ ((z >> 30) & ((1 << 34) - 1))) * FIRST
    z = (z ^ ((z >> 27) & ((1 << 37) - 1))) * SECOND
    return z ^ ((z >> 31) & ((1 << 33) - 1))
