"""F1: the harmonic mean of precision and recall of one class."""

from torch import Tensor, argmax, tensor
from torchmetrics import Metric


class F1(Metric):
    """2 TP / (2 TP + FP + FN) of the class `positive`; outputs (B, classes), targets (B,).

    Args:
        positive: number of the class; -1 is the last one.
    """

    hits: Tensor
    misses: Tensor

    def __init__(self, *, positive: int = -1) -> None:
        super().__init__()
        self.positive = positive
        self.add_state("hits", tensor(0), dist_reduce_fx="sum")
        self.add_state("misses", tensor(0), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Count a batch."""
        positive = self.positive % predictions.shape[1]
        said, is_true = argmax(predictions, dim=1) == positive, targets == positive
        self.hits += (said & is_true).sum()
        self.misses += (said ^ is_true).sum()

    def compute(self) -> Tensor:
        """F1; 0 where there is neither a positive sample nor a positive answer."""
        return 2 * self.hits / (2 * self.hits + self.misses).clamp(min=1)
