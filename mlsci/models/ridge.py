"""Ridge regression in closed form (Hoerl and Kennard, 1970)."""

from torch import Tensor

from mlsci.models.linear_regression import LinearEstimator, solve_with_intercept


class Ridge(LinearEstimator):
    """Least squares with a quadratic penalty: W, b minimise |y - W x - b|^2 + alpha |W|^2, b unpenalised.

    The first term is a sum over samples (scikit-learn's convention), so `alpha` has the units of x^2
    times the number of samples: standardise the inputs first. alpha = 0 is `LinearRegression`.
    Raises ValueError for a negative alpha, wrong shapes and values that are not finite.
    """

    def __init__(self, *, in_features: int, out_features: int, alpha: float = 1.0) -> None:
        super().__init__(in_features=in_features, out_features=out_features)
        if not 0 <= alpha < float("inf"):
            raise ValueError(f"Ridge: alpha must be a finite number >= 0, got {alpha}")
        self.alpha = alpha

    def fit(self, x: Tensor, y: Tensor) -> None:
        x = self.inputs(x)
        y = self.targets(y, len(x))
        self.store(*solve_with_intercept(x, y, alpha=self.alpha))
