"""Balanced accuracy: the mean over classes of the share that is found."""

from torch import Tensor, bincount, zeros
from torchmetrics import Metric


class BalancedAccuracy(Metric):
    """(1 / classes) Σ_c (right in c / all in c): for two classes the area under the ROC curve of hard answers.

    The answer is the largest of the outputs (B, classes), targets have shape (B,); classes without a sample do not
    count.
    """

    right: Tensor
    seen: Tensor

    def __init__(self, *, classes: int = 2) -> None:
        super().__init__()
        self.add_state("right", zeros(classes), dist_reduce_fx="sum")
        self.add_state("seen", zeros(classes), dist_reduce_fx="sum")

    def update(self, predictions: Tensor, targets: Tensor) -> None:
        """Count a batch."""
        hit = predictions.argmax(dim=1) == targets
        self.right += bincount(targets[hit], minlength=len(self.seen))
        self.seen += bincount(targets, minlength=len(self.seen))

    def compute(self) -> Tensor:
        """The mean of right over seen."""
        there = self.seen > 0
        return (self.right[there] / self.seen[there]).mean()
