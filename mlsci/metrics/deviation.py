"""How far a measured number is from an exact one, and the largest error anywhere."""

from torch import Tensor

from mlsci.metrics.collected import Collected


class LargestDeviation(Collected):
    """max |p - t| / |t| over all values."""

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """0 where every prediction is exact."""
        return ((predictions - targets).abs() / targets.abs()).max()


class LargestError(Collected):
    """max |p - t| over all values: the sup-norm on the points given, in the units of the target."""

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """0 where every prediction is exact."""
        return (predictions - targets).abs().max()
