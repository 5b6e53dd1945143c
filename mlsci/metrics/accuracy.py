"""Accuracy: the share of right answers."""

from torch import Tensor, argmax, tensor
from torchmetrics import Metric


class Accuracy(Metric):
    """Share of samples whose largest output, of shape (B, classes), is the target's, of shape (B,)."""

    right: Tensor
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("right", tensor(0), dist_reduce_fx="sum")
        self.add_state("seen", tensor(0), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Count a batch."""
        self.right += (argmax(predictions, dim=1) == targets).sum()
        self.seen += len(targets)

    def compute(self) -> Tensor:
        """Right over seen."""
        return self.right / self.seen
