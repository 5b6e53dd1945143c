"""The contract of a likelihood p(x | outputs), independent over the elements of x."""

from torch import Tensor, nn


class Likelihood(nn.Module):
    """Outputs (..., B, *shape) of a decoder as a distribution of x (B, *shape)."""

    def log_prob(self, outputs: Tensor, x: Tensor) -> Tensor:
        """log p(x | outputs) in nats, summed over the elements: (..., B)."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob(outputs, x)")

    def mean(self, outputs: Tensor) -> Tensor:
        """The expected x, the shape of the outputs."""
        raise NotImplementedError(f"{type(self).__name__} has no mean(outputs)")

    def sample(self, outputs: Tensor) -> Tensor:
        """One x for each, the shape of the outputs."""
        raise NotImplementedError(f"{type(self).__name__} has no sample(outputs)")


def summed(elements: Tensor, x: Tensor) -> Tensor:
    """(..., B, *shape) summed over the axes that x (B, *shape) has after the batch: (..., B)."""
    return elements.flatten(elements.ndim - x.ndim + 1).sum(dim=-1)
