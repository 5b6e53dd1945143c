"""Penalties on the codes of an autoencoder that leave few of its values at work."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class L1:
    """weight · mean |z| over codes (B, latent). Raises ValueError for a negative weight."""

    weight: float = 1e-3

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError(f"L1: weight must not be negative, got {self.weight}")

    def __call__(self, z: Tensor) -> Tensor:
        return self.weight * z.abs().mean()


@dataclass(frozen=True, kw_only=True)
class KLSparsity:
    """weight · Σ_j KL(rho | share_j), share_j the mean of sigmoid(z_j) over the batch (Ng 2011, CS294A notes).

    Raises ValueError for a negative weight and for rho outside of (0, 1).
    """

    rho: float = 0.05
    weight: float = 1e-2

    def __post_init__(self) -> None:
        if self.weight < 0 or not 0 < self.rho < 1:
            raise ValueError(f"KLSparsity: expected weight >= 0 and 0 < rho < 1, got {self.weight} and {self.rho}")

    def __call__(self, z: Tensor) -> Tensor:
        share = z.sigmoid().mean(dim=0).clamp(1e-6, 1 - 1e-6)  # (latent,)
        on, off = (self.rho / share).log(), ((1 - self.rho) / (1 - share)).log()
        return self.weight * (self.rho * on + (1 - self.rho) * off).sum()
