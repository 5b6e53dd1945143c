"""Area under the ROC curve: how often a positive sample is ranked above a negative one."""

import torch
from torch import Tensor

from mlsci.metrics.collected import Collected


class ROCAUC(Collected):
    """Probability that a positive sample scores higher than a negative one, ties counted half.

    Args:
        positive: number of the class whose probability is the score; -1 is the last one.
    """

    def __init__(self, *, positive: int = -1) -> None:
        super().__init__()
        self.positive = positive

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Mann-Whitney U over the number of pairs; NaN where one of the two kinds is missing."""
        positive = self.positive % predictions.shape[1]
        scores, is_true = predictions[:, positive], targets == positive
        high, low = scores[is_true], scores[~is_true].sort().values
        below = torch.searchsorted(low, high, side="left")
        up_to = torch.searchsorted(low, high, side="right")
        return (below + up_to).double().sum() / (2 * len(high) * len(low))
