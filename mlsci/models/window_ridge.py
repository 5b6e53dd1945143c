"""Ridge regression from the past of a series to its future, both seen from the last value: a strong, exact baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.models.base import Estimator

ROWS = 4096  # windows that are multiplied at once


@dataclass(frozen=True)
class Sums:
    """Sums of products over windows, and means: all that ridge regression needs of its data.

    `past` (L, L), `mixed` (L, H), `future` () the sum of squares, `past_mean` (L,), `future_mean` (H,).
    """

    past: Tensor
    mixed: Tensor
    future: Tensor
    past_mean: Tensor
    future_mean: Tensor
    count: int


class WindowRidge(Estimator):
    """future − last = W (past − last) + b with one W (horizon, look_back) for all F variables, and penalty α |W|².

    The squared error is a sum over windows and variables (scikit-learn's convention). Of `penalties` the one with the
    smallest squared error on the validation part is taken, without a refit. b is 0 unless `intercept`: it would carry
    the drift of the training years on. Raises ValueError for windows of another shape and penalties not positive.
    """

    weight: Tensor
    bias: Tensor
    penalty: Tensor

    def __init__(
        self, *, look_back: int, horizon: int, penalties: Sequence[float] = (1.0,), intercept: bool = False
    ) -> None:
        super().__init__()
        if not penalties or min(penalties) <= 0:
            raise ValueError(f"WindowRidge: expected positive penalties, got {list(penalties)}")
        self.penalties = [float(value) for value in penalties]
        self.intercept = intercept
        nothing = torch.full((horizon,), torch.nan, dtype=torch.float64)
        self.register_buffer("weight", nothing[:, None].repeat(1, look_back))
        self.register_buffer("bias", nothing)
        self.register_buffer("penalty", torch.tensor(self.penalties[0], dtype=torch.float64))

    def choose(self, train: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor]) -> None:
        """Take the penalty that is best on the validation windows."""
        fitted, judged = self._sums(*train), self._sums(*val)
        errors = [_error(*solution, judged) for solution in self._solutions(fitted, self.penalties)]
        self.penalty.fill_(self.penalties[int(torch.stack(errors).argmin())])

    def fit(self, x: Tensor, y: Tensor) -> None:
        weight, bias = self._solutions(self._sums(x, y), [float(self.penalty)])[0]
        self.weight.copy_(weight)
        self.bias.copy_(bias)

    def forward(self, x: Tensor) -> Tensor:
        last = x[:, -1:]  # (B, 1, F)
        said = torch.einsum("hl,blf->bhf", self.weight, (x - last).to(self.weight.dtype))
        return said + self.bias[:, None] + last  # (B, horizon, F)

    def _sums(self, x: Tensor, y: Tensor) -> Sums:
        """The sums over all windows and variables, in float64, a few thousand windows at a time."""
        horizon, look_back = self.weight.shape
        if x.ndim != 3 or y.ndim != 3 or x.shape[1] != look_back or y.shape[1] != horizon:
            raise ValueError(
                f"WindowRidge: expected pasts (N, {look_back}, F) and futures (N, {horizon}, F), "
                f"got {tuple(x.shape)} and {tuple(y.shape)}"
            )
        past, mixed = x.new_zeros(look_back, look_back).double(), x.new_zeros(look_back, horizon).double()
        first, second, squares = past[0].clone(), mixed[0].clone(), past.new_zeros(())
        for rows, goals in zip(x.split(ROWS), y.split(ROWS), strict=True):
            last = rows[:, -1:]
            a = (rows - last).double().transpose(1, 2).flatten(0, 1)  # (rows F, look_back)
            b = (goals - last).double().transpose(1, 2).flatten(0, 1)  # (rows F, horizon)
            past, mixed = past.addmm_(a.T, a), mixed.addmm_(a.T, b)
            first, second, squares = first + a.sum(0), second + b.sum(0), squares + b.square().sum()
        count = len(x) * x.shape[2]
        return Sums(past, mixed, squares, past_mean=first / count, future_mean=second / count, count=count)

    def _solutions(self, sums: Sums, penalties: Sequence[float]) -> list[tuple[Tensor, Tensor]]:
        """Weight (H, L) and bias (H,) for every penalty, from one eigendecomposition."""
        past, mixed = sums.past, sums.mixed
        if self.intercept:
            past = past - sums.count * torch.outer(sums.past_mean, sums.past_mean)
            mixed = mixed - sums.count * torch.outer(sums.past_mean, sums.future_mean)
        values, vectors = torch.linalg.eigh(past)
        turned = vectors.T @ mixed  # (L, H)
        found = []
        for penalty in penalties:
            weight = (vectors @ (turned / (values.clamp_min(0.0) + penalty)[:, None])).T
            bias = sums.future_mean - weight @ sums.past_mean
            found.append((weight, bias if self.intercept else torch.zeros_like(bias)))
        return found


def _error(weight: Tensor, bias: Tensor, sums: Sums) -> Tensor:
    """The mean of |future − W past − b|² on other windows, from their sums."""
    spread = sums.future - 2 * (weight.T * sums.mixed).sum() + (weight @ sums.past * weight).sum()
    return spread / sums.count + bias @ bias - 2 * bias @ (sums.future_mean - weight @ sums.past_mean)
