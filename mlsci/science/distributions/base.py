"""The contract of a distribution with a known density."""

import torch
from torch import Tensor


class Distribution:
    """Samples (N, *shape) with a label (N, *label_shape) each, which is what a conditional model may be told.

    A subclass sets `shape` and writes `sample`, `log_prob` and `entropy`.

    Attributes:
        shape: of one sample.
        label_shape: of one label; `()` where labels are class numbers.
        classes: names of the classes, where labels are these.
    """

    shape: tuple[int, ...]
    label_shape: tuple[int, ...] = (1,)
    classes: tuple[str, ...] | None = None

    def sample(self, n: int, *, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """n samples in float64 and their labels."""
        raise NotImplementedError(f"{type(self).__name__} has no sample(n, draw=)")

    def log_prob(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """The log density (N,) of samples in nats: given their labels, or of all of them together (None)."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob(x)")

    def entropy(self) -> float:
        """The differential entropy in nats: the mean of -log_prob, which no model can beat."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy()")
