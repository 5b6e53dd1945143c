"""Mean -log p of samples and of the truth under the exact density."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from mlsci.metrics.samples.base import check


class HasDensity(Protocol):
    """A distribution whose density is known."""

    def log_prob(self, x: Tensor) -> Tensor: ...

    def entropy(self) -> float: ...


@dataclass(frozen=True, kw_only=True)
class KnownDensity:
    """Mean -log p in nats under the exact density: of the `truth`, of `samples`, and its expectation, the `entropy`.

    The NLL of a model on the same truth is larger than `truth` by its divergence from the exact density, with little
    noise. Samples where the density is 0 make `samples` infinite.

    Args:
        distribution: has `log_prob(x)` (N,) and `entropy()`.
    """

    distribution: HasDensity

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        check(samples, truth)
        return {
            "truth": float(-self.distribution.log_prob(truth.double()).mean()),
            "samples": float(-self.distribution.log_prob(samples.double()).mean()),
            "entropy": self.distribution.entropy(),
        }
