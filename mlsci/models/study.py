"""A study in the place of a net: it measures cases, and the exact answers of the data say what it should find."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric

from mlsci.models.base import Evaluation, Model


class Measurement(Protocol):
    """What a study does: `measure` cases (N, k) -> (N, m), then `curves` of what was seen, by name."""

    def measure(self, cases: Tensor) -> Tensor: ...

    def curves(self) -> Mapping[str, Any]: ...


class Study(Model):
    """Measures every case once; the metrics compare what was measured with the exact answers.

    Beside them every single measurement is reported, as `test/<answer>_<label of the case>`. Nothing is learned
    from the answers, and no parameter is kept: a checkpoint measures again.

    Args:
        study: measures.
        metrics: compare measured (N, m) with exact (N, m), by name.
    """

    fitted_at_once = True

    def __init__(self, *, study: Measurement, metrics: Mapping[str, Metric] | None = None):
        super().__init__(metrics=metrics)
        self.study = study
        self._measured: tuple[Tensor, Tensor] | None = None

    def fit_at_once(self, x: Tensor, y: Tensor, val: tuple[Tensor, Tensor] | None = None) -> None:
        """Measure the cases x (N, k); nothing else is looked at."""
        self(x)

    def forward(self, x: Tensor) -> Tensor:
        """Measured answers (N, m) of cases (N, k), in float64; the same cases are measured once."""
        cases = x.detach().cpu().double()
        if self._measured is None or not torch.equal(self._measured[0], cases):
            self._measured = (cases, self.study.measure(cases))
        return self._measured[1].to(x.device)

    def evaluate(self, batch: Any) -> Evaluation:
        """The loss is Σ |measured - exact| / Σ |exact|."""
        x, y = batch
        found = self(x)
        return Evaluation(loss=(found - y).abs().sum() / y.abs().sum(), predictions=found, targets=y)

    def final_metrics(self, data: Any) -> dict[str, float]:
        """Every measurement by name."""
        cases, _ = data.split("test").tensors
        names, found = data.law.answer_names, self(cases)
        return {
            f"test/{name}_{data.law.label(case)}": float(value)
            for case, row in zip(cases, found, strict=True)
            for name, value in zip(names, row, strict=True)
        }

    def outcome(self, part: Any) -> dict[str, Any]:
        """Measured and exact answers (N, m); `extras` has the cases, and what the study kept for its figure."""
        cases, exact = part.tensors
        found = self(cases).numpy()
        curves = {name: np.asarray(values) for name, values in self.study.curves().items()}
        return {"predictions": found, "targets": exact.numpy(), "extras": {"cases": cases.numpy()} | curves}
