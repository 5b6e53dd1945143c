"""Forecasting: a net that gives the next values of a series, and is fed its own answers to reach further."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.errors import ConfigError
from mlsci.models.base import Estimator, Evaluation, Model
from mlsci.models.least_squares import LeastSquares
from mlsci.nets.scaling import Standardise


class Forecaster(Model):
    """L = criterion(rollout(x), y) for batches of pasts x (B, look_back, F) and futures y (B, horizon, F).

    The net maps a past to the next `steps` values, (B, steps, F) or flat. They are appended to the past, the oldest
    values leave it, and so on until the horizon of y is reached; gradients run through all of it. A net with as many
    steps as the horizon forecasts directly.

    A shortcut that is an estimator is fitted to the training part before the first step, what there is to choose by the
    validation part, both as the net sees them; it then stays as it is. The net learns what is left.

    Args:
        net: from a standardised past to the next values.
        criterion: (forecasts, futures), both in standardised units -> scalar.
        shape: (horizon, F) of the forecast that `predict` gives.
        metrics: compare `predict(x)` with y, by name.
        scaling: of every variable, past and future alike.
        window: gives zero and unit of a window, mlsci.nets.window_scaling; None: those of `scaling`.
        shortcut: a second net of the same shapes whose answer is added, such as an affine map, or an estimator.
        gain: first value of a learnt factor of what the net says; 0 begins with the shortcut alone (Bachlechner et al.
            2021, arXiv:2003.04887). None: no factor.
        augment: changes standardised pasts in training, whole batches at once.
        bound: what is fed back is kept within ± so many deviations, so that no forecast runs off to infinity.
    """

    def __init__(
        self,
        *,
        net: nn.Module,
        criterion: Callable[[Tensor, Tensor], Tensor],
        shape: Sequence[int],
        scaling: Standardise,
        metrics: Mapping[str, Metric] | None = None,
        window: nn.Module | None = None,
        shortcut: nn.Module | None = None,
        gain: float | None = None,
        augment: nn.Module | None = None,
        bound: float = 10.0,
    ):
        super().__init__(metrics=metrics)
        if len(shape) != 2:
            raise ValueError(f"Forecaster: expected targets of shape (horizon, F), got {tuple(shape)}")
        if bound <= 0:
            raise ValueError(f"Forecaster: bound must be positive, got {bound}")
        self.net = net
        self.criterion = criterion
        self.horizon = int(shape[0])
        self.scaling = scaling
        self.window = window
        self.shortcut = shortcut
        self.gain = None if gain is None else nn.Parameter(torch.tensor(float(gain)))
        self.augment = augment
        self.bound = bound

    def forward(self, x: Tensor) -> Tensor:
        """The forecast (B, horizon, F) of pasts (B, look_back, F), in physical units."""
        return self.scaling.inverse(self.rollout(self.scaling(x), self.horizon))

    def rollout(self, past: Tensor, length: int) -> Tensor:
        """The next values (B, length, F) of a standardised past (B, look_back, F)."""
        look_back, reached = past.shape[1], 0
        parts: list[Tensor] = []
        while reached < length:
            if parts:
                past = torch.cat((past, parts[-1].clamp(-self.bound, self.bound)), dim=1)[:, -look_back:]
            parts.append(self.next_values(past))
            reached += parts[-1].shape[1]
        return torch.cat(parts, dim=1)[:, :length]

    def next_values(self, past: Tensor) -> Tensor:
        """What the net says of a standardised past (B, look_back, F): the next values (B, steps, F)."""
        zero, unit = self._window(past)
        seen = (past - zero) / unit
        said = self.net(seen).reshape(len(past), -1, past.shape[2])  # (B, steps, F)
        if self.gain is not None:
            said = self.gain * said
        if self.shortcut is not None:
            said = said + self.shortcut(seen).reshape(said.shape).to(said.dtype)
        return said * unit + zero

    def begin(self, data: Any) -> None:
        """Fit a shortcut that is an estimator.

        Raises:
            ConfigError: windows that it cannot be fitted to.
        """
        if not isinstance(self.shortcut, Estimator):
            return
        train = self._as_seen(*data.split("train").tensors)
        try:
            if data.has("val"):
                self.shortcut.choose(train, self._as_seen(*data.split("val").tensors))
            self.shortcut.fit(*train)
        except ValueError as error:
            raise ConfigError(f"model.shortcut: {error}") from error

    @torch.no_grad()
    def _as_seen(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Pasts and the values that the net gives at once, both in the windows' own zeros and units."""
        past = self.scaling(x)
        zero, unit = self._window(past)
        steps = self.net(past[:1]).numel() // past[0, 0].numel()
        return (past - zero) / unit, (self.scaling(y[:, :steps]) - zero) / unit

    def _window(self, past: Tensor) -> tuple[Tensor | float, Tensor | float]:
        return (0.0, 1.0) if self.window is None else self.window(past)

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The criterion of a batch (pasts, futures)."""
        x, y = batch
        past = self.scaling(x)
        if self.augment is not None:
            past = self.augment(past)
        return self.criterion(self.rollout(past, y.shape[1]), self.scaling(y)), {}

    def residuals(self, batch: Any) -> LeastSquares:
        """The errors of a batch in standardised units, where the criterion is their mean square.

        Raises:
            ConfigError: another criterion, or pasts that are changed at random.
        """
        if not isinstance(self.criterion, nn.MSELoss) or self.criterion.reduction != "mean" or self.augment is not None:
            raise ConfigError(
                f"optimizer: {type(self.pace.optimizer).__name__} minimises mean squares; it goes with "
                f"objective.loss=torch.nn.MSELoss and model.augment=null, got {type(self.criterion).__name__} "
                f"and {type(self.augment).__name__}"
            )
        x, y = batch
        return LeastSquares(self, lambda past: self.rollout(past, y.shape[1]), self.scaling(x), self.scaling(y))

    def evaluate(self, batch: Any) -> Evaluation:
        """Loss and forecasts from one rollout."""
        x, y = batch
        forecast = self.rollout(self.scaling(x), y.shape[1])
        loss = self.criterion(forecast, self.scaling(y))
        return Evaluation(loss=loss, predictions=self.scaling.inverse(forecast), targets=y)
