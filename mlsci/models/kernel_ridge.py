"""Kernel ridge regression on delay vectors: the next value of a series from the last few, iterated into a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from mlsci.models.base import Estimator
from mlsci.nets.transforms import Identity, Transform


class KernelRidge(Estimator):
    """x(t+1) = Σ_i a_i exp(−|v(t) − v_i|² / 2 w²), where v(t) holds the last d values of all F variables.

    By Takens' theorem a few delays of one coordinate tell the state of a dynamical system. Variables are standardised
    by the training series, |·|² is the mean over the d F entries, and a minimises |x − K a|² + α a·K a. A forecast
    feeds every value back. Delays d, width w and penalty α are those of the grid whose forecasts of the validation
    windows score best; the training windows must be one step apart, and their `train_horizon` should be 1. With a
    `transform` all this holds for transformed values, and forecasts are brought back.

    Args:
        look_back: values of a past, at least the largest of `delays`.
        features: F.
        horizon: values of a forecast.
        delays: numbers d to try.
        widths: w to try, in deviations of the series.
        penalties: α to try.
        score: of validation forecasts against the truth in physical units, lower is better; None: squared error.
        apart: choose on the validation series alone, its last horizon forecast from a fit to what comes before, so that
            the choice knows nothing of the training series; needs validation windows that are one step apart.
        refit: once chosen, fit to training and validation series together, as one forecasts in earnest; needs
            validation windows that are one step apart and follow the training series.
        transform: of values, with `inverse`, such as mlsci.nets.transforms.SquareRoot; None: none.

    Raises ValueError for an empty grid, delays beyond `look_back`, and widths or penalties that are not positive.
    """

    centres: Tensor
    coefficients: Tensor
    mean: Tensor
    std: Tensor
    width: Tensor
    penalty: Tensor

    def __init__(
        self,
        *,
        look_back: int,
        features: int,
        horizon: int,
        delays: Sequence[int] = (4,),
        widths: Sequence[float] = (2.0,),
        penalties: Sequence[float] = (1e-4,),
        score: Metric | None = None,
        apart: bool = False,
        refit: bool = False,
        transform: Transform | None = None,
    ) -> None:
        super().__init__()
        if not (delays and widths and penalties) or min(*delays, *widths, *penalties) <= 0:
            raise ValueError(
                "KernelRidge: delays, widths and penalties: expected positive numbers, "
                f"got {list(delays)}, {list(widths)} and {list(penalties)}"
            )
        if refit and apart:
            raise ValueError("KernelRidge: refit and apart: expected one of them at most, got both")
        if max(delays) > look_back:
            raise ValueError(f"KernelRidge: {max(delays)} delays do not fit into a past of {look_back} values")
        self.features, self.horizon = features, horizon
        self.grid = [(int(d), float(w)) for d in delays for w in widths]
        self.penalties = torch.tensor([float(value) for value in penalties], dtype=torch.float64)
        self.score = score
        self.apart, self.refit = apart, refit
        self.transform = transform or Identity()
        self.later: Tensor | None = None  # the validation series, for a refit
        nothing = torch.full((1, features), torch.nan, dtype=torch.float64)
        for name, value in {
            "centres": nothing.repeat(1, self.grid[0][0]),
            "coefficients": nothing,
            "mean": nothing[0],
            "std": nothing[0],
            "width": torch.tensor(self.grid[0][1], dtype=torch.float64),
            "penalty": self.penalties[0],
        }.items():
            self.register_buffer(name, value.clone())

    @property
    def delays(self) -> int:
        """The number of past values of each variable that a forecast looks at."""
        return self.centres.shape[1] // self.features

    def choose(self, train: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor]) -> None:
        """Take delays, width and penalty by the forecasts of the validation windows."""
        best, chosen = torch.inf, (*self.grid[0], 0)
        if self.apart:
            train, val = (val[0][:-1], val[1][:-1, :1]), (val[0][-1:], val[1][-1:])
        pasts, futures = (part.double() for part in val)
        series = _series(*train)
        for delays, width in self.grid:
            self._prepare(series, delays=delays)
            solutions = self._solutions(series, width=width, penalties=self.penalties)  # (n, P, F)
            forecasts = self._rollout(pasts, solutions, width=width, horizon=futures.shape[1])  # (B, P, horizon, F)
            for index, forecast in enumerate(forecasts.unbind(1)):
                error = self._judged(forecast, futures, spread=series.std(dim=0))
                if error < best:
                    best, chosen = error, (delays, width, index)
        self._prepare(series, delays=chosen[0])
        self.width.fill_(chosen[1])
        self.penalty.copy_(self.penalties[chosen[2]])
        if self.refit:
            self.later = _after(series, _series(*val), seen=val[0].shape[1])

    def fit(self, x: Tensor, y: Tensor) -> None:
        series = _series(x, y)
        if self.later is not None:
            series = torch.cat((series, self.later))
        self._prepare(series, delays=self.delays)
        self.coefficients = self._solutions(series, width=float(self.width), penalties=self.penalty[None])[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        width = float(self.width)
        return self._rollout(x.double(), self.coefficients[:, None], width=width, horizon=self.horizon)[:, 0]

    def _prepare(self, series: Tensor, *, delays: int) -> None:
        """Mean and deviation of the series (T, F) to be fitted to, and its delay vectors."""
        std, self.mean = torch.std_mean(self.transform(series), dim=0, correction=0)
        self.std = torch.where(std > 0, std, 1.0)
        scaled = self._standardised(series)
        self.centres = scaled.unfold(0, delays, 1)[:-1].transpose(1, 2).flatten(1)  # (n, d F)

    def _standardised(self, values: Tensor) -> Tensor:
        return (self.transform(values) - self.mean) / self.std

    def _solutions(self, series: Tensor, *, width: float, penalties: Tensor) -> Tensor:
        """Coefficients (n, P, F) for every penalty, from one eigendecomposition of the kernel."""
        goals = self._standardised(series)[self.delays :]  # (n, F)
        values, vectors = torch.linalg.eigh(self._kernel(self.centres, width))
        gains = 1 / (values.clamp_min(0.0)[:, None] + penalties.to(values.device))  # (n, P)
        return torch.einsum("ik,kp,kf->ipf", vectors, gains, vectors.T @ goals)

    def _rollout(self, pasts: Tensor, coefficients: Tensor, *, width: float, horizon: int) -> Tensor:
        """Forecasts (B, P, horizon, F) of pasts (B, look_back, F) by coefficients (n, P, F), in physical units."""
        recent = self._standardised(pasts[:, -self.delays :])  # (B, d, F)
        states = recent[:, None].expand(-1, coefficients.shape[1], -1, -1)  # (B, P, d, F)
        values = []
        for _ in range(horizon):
            kernel = self._kernel(states.flatten(2), width)  # (B, P, n)
            values.append(torch.einsum("bpn,npf->bpf", kernel, coefficients))
            states = torch.cat((states[:, :, 1:], values[-1][:, :, None]), dim=2)
        return self.transform.inverse(torch.stack(values, dim=2) * self.std + self.mean)

    def _kernel(self, vectors: Tensor, width: float) -> Tensor:
        """The kernel (..., n) of delay vectors (..., d F) with those of the training series."""
        distance = torch.cdist(vectors.flatten(0, -2), self.centres)  # in one batch: cdist would copy centres for each
        scaled = distance.square() / self.centres.shape[1]
        return torch.exp(scaled / (-2 * width**2)).unflatten(0, vectors.shape[:-1])

    def _judged(self, forecast: Tensor, truth: Tensor, *, spread: Tensor) -> float:
        if self.score is None:
            return float((((forecast - truth) / torch.where(spread > 0, spread, 1.0)) ** 2).mean())
        self.score.reset()
        self.score.update(forecast, truth)
        found = float(self.score.compute())
        self.score.reset()
        return found

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *arguments: Any) -> None:
        """The number of delay vectors is that of the file."""
        for name in ("centres", "coefficients"):
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name]))
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def _after(series: Tensor, later: Tensor, *, seen: int) -> Tensor:
    """What follows a series (T, F) in a later one that begins with its last `seen` values."""
    if len(series) < seen or not torch.equal(series[-seen:], later[:seen]):
        raise ValueError("KernelRidge: refit=true: the validation windows do not follow the training windows in time")
    return later[seen:]


def _series(x: Tensor, y: Tensor) -> Tensor:
    """The series (T, F) in float64 whose windows of stride 1 are pasts x (N, look_back, F) and futures y."""
    if x.ndim != 3 or y.ndim != 3 or len(x) != len(y) or not torch.equal(x[1:, :-1], x[:-1, 1:]):
        raise ValueError(
            "KernelRidge: expected pasts (N, look_back, F) and futures (N, horizon, F) that are one time step apart "
            f"(data.stride=1, data.eval_stride=1, data.pooled=false), got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    return torch.cat((x[0], y[:, 0], y[-1, 1:])).double()
