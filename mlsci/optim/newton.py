"""Newton's method with the whole Hessian, for few parameters."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from mlsci.optim.flat import FlatOptimizer, flatten


class Newton(FlatOptimizer):
    """θ ← θ - lr |H|⁻¹ g, with |H| the Hessian whose eigenvalues are made positive (Dauphin et al. 2014).

    Where H is positive this is Newton's step: exact at once on a quadratic, quadratically convergent near a minimum.
    `step(closure)` takes a function that returns the loss with its graph; it calls no `backward` itself.

    Args:
        params: one group of parameters; the step costs their number cubed.
        lr: length of a step; 1 is the full one.
        least: smallest eigenvalue that is divided by, as a share of the largest.
    """

    def __init__(self, params: Iterable[Tensor], *, lr: float = 1.0, least: float = 1e-12):
        super().__init__(params, {"lr": lr, "least": least})

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor]) -> Tensor:  # type: ignore[override]
        """One step; returns the loss before it."""
        group = self.param_groups[0]
        with torch.enable_grad():
            loss = closure()
            gradients = torch.autograd.grad(loss, self.parameters, create_graph=True, materialize_grads=True)
            entries = torch.cat([gradient.reshape(-1) for gradient in gradients])  # (P,)
            rows = [
                torch.autograd.grad(entry, self.parameters, retain_graph=True, materialize_grads=True)
                for entry in entries
            ]
        values, vectors = torch.linalg.eigh(torch.stack([flatten(row) for row in rows]))
        sizes = values.abs().clamp_min(group["least"] * values.abs().max())
        self.move_to(self.point() - group["lr"] * (vectors @ ((vectors.T @ entries.detach()) / sizes)))
        return loss.detach()
