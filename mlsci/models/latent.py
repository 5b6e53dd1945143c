"""What models with a latent space show of it: reconstructions, ways between two inputs, a map of the first two axes."""

import torch
from torch import Tensor

from mlsci.models.generative import Generative

WAYS, STEPS = 4, 9  # rows and columns of the interpolation figure


class Latent(Generative):
    """A generative model with `encode(x, condition) -> (B, latent)` and `decode(z, condition) -> (B, *shape)`.

    Both work in scaled units; decode gives means. `reconstruct` and `interpolate` are in physical units.
    """

    answer_names = ("score",)

    def encode(self, x: Tensor, condition: Tensor) -> Tensor:
        """The code (B, latent) of scaled inputs (B, *shape)."""
        raise NotImplementedError(f"{type(self).__name__} has no encode(x, condition)")

    def decode(self, z: Tensor, condition: Tensor) -> Tensor:
        """Means (B, *shape) in scaled units of codes (B, latent)."""
        raise NotImplementedError(f"{type(self).__name__} has no decode(z, condition)")

    def reconstruct(self, x: Tensor, condition: Tensor) -> Tensor:
        """Inputs (B, *shape) as they come back from their codes, in physical units."""
        return self.physical(self.decode(self.encode(self.scaled(x), condition), condition))

    def interpolate(self, start: Tensor, end: Tensor, condition: Tensor, *, steps: int = STEPS) -> Tensor:
        """Straight ways in latent space from inputs to others, both (B, *shape): (B, steps, *shape)."""
        first, last = (self.encode(self.scaled(x), condition) for x in (start, end))
        shares = torch.linspace(0, 1, steps, device=start.device)[:, None]  # (steps, 1)
        ways = first[:, None] + shares * (last - first)[:, None]  # (B, steps, latent)
        told = condition.repeat_interleave(steps, dim=0)
        return self.physical(self.decode(ways.flatten(0, 1), told)).unflatten(0, (-1, steps))

    def shown(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Reconstructions (n, *shape), ways (4, 9, *shape) between neighbours in the file, codes (n, latent)."""
        told, ways = self.condition(y), min(WAYS, len(x) // 2)
        return {
            "reconstructions": self.reconstruct(x, told),
            "interpolation": self.interpolate(x[:ways], x[ways : 2 * ways], told[:ways]),
            "latent": self.encode(self.scaled(x), told),
        }
