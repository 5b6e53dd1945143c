"""How fast gradient methods with the best constant step converge on a quadratic (Polyak 1964, Nesterov 2004)."""

from collections.abc import Sequence

import torch
from torch import Tensor


class Rates:
    """Factors by which the distance to the minimum shrinks a step, for eigenvalues from 1 to κ.

    Gradient descent with step 2/(1 + κ): (κ - 1)/(κ + 1). Heavy ball with step 4/(1 + √κ)² and momentum
    ((√κ - 1)/(√κ + 1))²: (√κ - 1)/(√κ + 1). Nesterov with step 1/κ and momentum (√κ - 1)/(√κ + 1): 1 - 1/√κ.
    The last two hold for many steps, as the first ones go with a factor that grows like their number.
    A case is (κ,). Raises ValueError for κ <= 1.
    """

    case_names = ("condition number",)
    answer_names = ("gradient_descent", "heavy_ball", "nesterov")

    def __init__(self, *, kappa: Sequence[float] = (10.0, 100.0, 1000.0)):
        if not kappa or min(kappa) <= 1:
            raise ValueError(f"kappa: expected condition numbers > 1, got {list(kappa)}")
        self.kappa = list(kappa)

    def cases(self) -> Tensor:
        return torch.tensor(self.kappa, dtype=torch.float64)[:, None]

    def few(self) -> Tensor:
        return self.cases().median().reshape(1, 1)

    def answers(self, cases: Tensor) -> Tensor:
        kappa = cases[:, 0]
        root = kappa.sqrt()
        return torch.stack([(kappa - 1) / (kappa + 1), (root - 1) / (root + 1), 1 - 1 / root], dim=1)  # (N, 3)

    def label(self, case: Tensor) -> str:
        return f"kappa_{float(case[0]):g}"
