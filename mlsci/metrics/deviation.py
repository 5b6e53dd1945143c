"""How far a measured number is from an exact one, and the largest error anywhere."""

from torch import Tensor

from mlsci.metrics.collected import Collected


class LargestDeviation(Collected):
    """max |p - t| / |t| over all values (N, m).

    Args:
        of_rows: divide by Σ |t| of the row instead, where single values may be 0.
    """

    def __init__(self, *, of_rows: bool = False) -> None:
        super().__init__()
        self.of_rows = of_rows

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """0 where every prediction is exact."""
        sizes = targets.abs()
        return ((predictions - targets).abs() / (sizes.sum(dim=1, keepdim=True) if self.of_rows else sizes)).max()


class LargestError(Collected):
    """max |p - t| over all values: the sup-norm on the points given, in the units of the target."""

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """0 where every prediction is exact."""
        return (predictions - targets).abs().max()
