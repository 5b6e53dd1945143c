"""Forecasts as figures read them: pasts, forecasts and truths of all windows, and the time that they span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlsci.plots.outcome import Array, Outcome


@dataclass(frozen=True)
class WindowSet:
    """`past` (N, look_back, F), `forecast` and `truth` (N, horizon, F) in float64, and a time step with its unit."""

    past: Array
    forecast: Array
    truth: Array
    step: float
    unit: str

    @property
    def error(self) -> Array:
        """Forecast minus truth, (N, horizon, F)."""
        return self.forecast - self.truth

    def time(self, length: int, *, first: int) -> Array:
        """`length` times; 0 is the last value of the past."""
        return self.step * np.arange(first, first + length)

    @property
    def time_label(self) -> str:
        """The name of a time axis."""
        return f"time since the last known value ({self.unit})"


def windows_of(outcome: Outcome) -> WindowSet:
    """The windows of an outcome; ValueError where predictions are no forecasts of several values."""
    if outcome.inputs is None:
        raise ValueError("forecast: expected pasts (N, look_back, F) as inputs, got none")
    past, forecast, truth = (np.asarray(a, np.float64) for a in (outcome.inputs, outcome.predictions, outcome.targets))
    fits = past.ndim == truth.ndim == 3 and forecast.shape == truth.shape and len(past) == len(truth) > 0
    if not fits or past.shape[2] != truth.shape[2]:
        raise ValueError(
            "forecast: expected pasts (N, look_back, F), forecasts and truths (N, horizon, F), "
            f"got {past.shape}, {forecast.shape} and {truth.shape}"
        )
    if not np.isfinite(forecast).all():
        raise ValueError(f"forecast: expected finite numbers, got {int((~np.isfinite(forecast)).sum())} that are not")
    step, unit = outcome.notes.get("time_step", 1.0), outcome.notes.get("time_unit", "steps")
    return WindowSet(past=past, forecast=forecast, truth=truth, step=float(step), unit=str(unit))
