"""SOAP (Vyas et al. 2024, arXiv 2409.11321; for physics-informed networks: Wang et al. 2025, arXiv 2502.00604)."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from mlsci.optim.flat import require

SIDES = ("left", "right")


class SOAP(Optimizer):
    """Adam in the eigenbasis of Shampoo's preconditioner.

    For a weight W (m, n) with gradient G, the bases Q of both sides are the eigenvectors of the running means of
    G Gᵀ (m, m) and Gᵀ G (n, n); Adam's moments live in the rotated coordinates Q_leftᵀ G Q_right, and its step is
    rotated back. The bases are exact at the first step and follow by one power iteration, orthonormalised by QR,
    every `precondition_frequency` steps. The first moment turns along with them. So does the second, as the
    diagonal of a covariance does.

    A tensor of more dimensions is a matrix (first, rest), or with `stacked` a stack of matrices (..., m, n), each
    with bases of its own: so are weights for each degree or species kept. A vector is left unrotated unless
    `precondition_1d`, as is every side longer than `max_precondition_dim`; where nothing is rotated, this is AdamW.
    Keeps 2mn + 2m² + 2n² numbers for a matrix.

    Args:
        params: the parameters, in one group or several.
        lr: the learning rate.
        betas: decay of the first moment; of the second one and of both preconditioners.
        eps: added to the denominator of Adam.
        weight_decay: decoupled, as in AdamW.
        precondition_frequency: steps between two turns of the bases.
        max_precondition_dim: the longest side that is rotated.
        precondition_1d: rotate vectors, too.
        stacked: tensors of more than two dimensions are stacks of matrices.

    Raises:
        ConfigError: numbers out of range.
    """

    def __init__(
        self,
        params: ParamsT,
        *,
        lr: float = 3e-3,
        betas: tuple[float, float] = (0.95, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        precondition_frequency: int = 10,
        max_precondition_dim: int = 2048,
        precondition_1d: bool = False,
        stacked: bool = False,
    ) -> None:
        require(lr >= 0, f"SOAP: lr must be >= 0, got {lr}")
        require(all(0 <= beta < 1 for beta in betas), f"SOAP: betas must be in [0, 1), got {tuple(betas)}")
        require(precondition_frequency >= 1, f"SOAP: precondition_frequency must be >= 1, got {precondition_frequency}")
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "precondition_frequency": precondition_frequency,
            "max_precondition_dim": max_precondition_dim,
            "precondition_1d": precondition_1d,
            "stacked": stacked,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; the loss of the closure, where one is given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for alike in _alike(group):
                self._move(alike, group)
        return loss

    def _move(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Parameters whose matrices have one shape go as one stack; the first of them keeps its state."""
        matrices = [_matrices(cast(Tensor, parameter.grad), group) for parameter in parameters]
        gradient = torch.cat(matrices)  # (count, m, n)
        state = self.state[parameters[0]]
        if not state:
            _begin(state, gradient, longest=_longest(parameters[0], group))
        state["step"] += 1
        _observe(state, gradient, beta=group["betas"][1])
        if state["step"] == 1:
            for side in SIDES:
                if f"basis_{side}" in state:
                    state[f"basis_{side}"] = _eigenvectors(state[f"mean_{side}"])
        update = _back(_adam(state, _rotate(gradient, state), group), state).split([len(some) for some in matrices])
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        parts = [part.view_as(parameter) for part, parameter in zip(update, parameters, strict=True)]
        torch._foreach_add_(parameters, parts, alpha=-group["lr"])
        if state["step"] % group["precondition_frequency"] == 0:
            for side in SIDES:
                _turn(state, side)


def _alike(group: dict[str, Any]) -> list[list[Tensor]]:
    """The parameters that have a gradient, those together that are treated alike."""
    found: dict[tuple, list[Tensor]] = {}
    for parameter in group["params"]:
        if parameter.grad is not None:
            shape = _matrices(parameter, group).shape[1:]
            key = (shape, _longest(parameter, group), parameter.dtype, parameter.device)
            found.setdefault(key, []).append(parameter)
    return list(found.values())


def _matrices(tensor: Tensor, group: dict[str, Any]) -> Tensor:
    """A view of shape (count, m, n): one matrix, or those of a stack; (1, m, 1) of vectors and numbers."""
    if group["stacked"] and tensor.dim() > 2:
        return tensor.flatten(0, -3)
    return (tensor.flatten(1) if tensor.dim() > 1 else tensor.reshape(-1, 1)).unsqueeze(0)


def _longest(parameter: Tensor, group: dict[str, Any]) -> int:
    return group["max_precondition_dim"] if parameter.dim() > 1 or group["precondition_1d"] else 0


def _begin(state: dict[str, Any], gradient: Tensor, *, longest: int) -> None:
    state["step"] = 0
    state["exp_avg"] = torch.zeros_like(gradient)  # (count, m, n), rotated, as is the next
    state["exp_avg_sq"] = torch.zeros_like(gradient)
    for side, size in zip(SIDES, gradient.shape[1:], strict=True):
        if 1 < size <= longest:
            state[f"mean_{side}"] = gradient.new_zeros(len(gradient), size, size)
            state[f"basis_{side}"] = torch.eye(size, dtype=gradient.dtype, device=gradient.device).expand(
                len(gradient), -1, -1
            )


def _observe(state: dict[str, Any], gradient: Tensor, *, beta: float) -> None:
    """The running means of G Gᵀ and Gᵀ G."""
    if "mean_left" in state:
        state["mean_left"].lerp_(gradient @ gradient.mT, 1 - beta)
    if "mean_right" in state:
        state["mean_right"].lerp_(gradient.mT @ gradient, 1 - beta)


def _adam(state: dict[str, Any], gradient: Tensor, group: dict[str, Any]) -> Tensor:
    """Adam's step for lr = 1, up to the sign."""
    beta1, beta2 = group["betas"]
    m = state["exp_avg"].lerp_(gradient, 1 - beta1)
    v = state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    scale = (v / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
    return m / (1 - beta1 ** state["step"]) / scale


def _rotate(matrix: Tensor, state: dict[str, Any]) -> Tensor:
    """Into the eigenbasis: Q_leftᵀ A Q_right."""
    matrix = state["basis_left"].mT @ matrix if "basis_left" in state else matrix
    return matrix @ state["basis_right"] if "basis_right" in state else matrix


def _back(matrix: Tensor, state: dict[str, Any]) -> Tensor:
    """Out of the eigenbasis: Q_left A Q_rightᵀ."""
    matrix = state["basis_left"] @ matrix if "basis_left" in state else matrix
    return matrix @ state["basis_right"].mT if "basis_right" in state else matrix


def _turn(state: dict[str, Any], side: str) -> None:
    """One power iteration for a basis; the moments follow."""
    if f"basis_{side}" not in state:
        return
    old = state[f"basis_{side}"]
    power = state[f"mean_{side}"] @ old
    # QR favours the first columns: the largest eigenvalues
    order = (old * power).sum(-2, keepdim=True).argsort(dim=-1, descending=True)
    new = state[f"basis_{side}"] = torch.linalg.qr(power.gather(-1, order.expand_as(power))).Q
    turn = old.mT @ new
    if side == "left":
        state["exp_avg"] = turn.mT @ state["exp_avg"]
        state["exp_avg_sq"] = turn.square().mT @ state["exp_avg_sq"]
    else:
        state["exp_avg"] = state["exp_avg"] @ turn
        state["exp_avg_sq"] = state["exp_avg_sq"] @ turn.square()


def _eigenvectors(symmetric: Tensor) -> Tensor:
    """One a column. What is not a number becomes zero: the training loop reports the loss instead."""
    finite = symmetric.double().nan_to_num_(posinf=0.0, neginf=0.0)
    return torch.linalg.eigh(finite).eigenvectors.to(symmetric.dtype)
