"""Photometric-redshift metrics of Δz = (z_predicted - z) / (1 + z)."""

from torch import Tensor

from mlsci.metrics.collected import Collected, median


def scaled_error(predictions: Tensor, targets: Tensor) -> Tensor:
    """(z_predicted - z) / (1 + z)."""
    return ((predictions - targets) / (1 + targets)).flatten()


class SigmaNMAD(Collected):
    """Normalised median absolute deviation, 1.4826 · median |Δz - median Δz|: σ of a Gaussian core."""

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """The width."""
        error = scaled_error(predictions, targets)
        return 1.4826 * median((error - median(error)).abs())


class OutlierFraction(Collected):
    """Share of galaxies with |Δz| above `threshold`."""

    def __init__(self, *, threshold: float = 0.05) -> None:
        super().__init__()
        self.threshold = threshold

    def measure(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Between 0 and 1."""
        return (scaled_error(predictions, targets).abs() > self.threshold).double().mean()
