"""Bias and variance against the strength of each regularisation: measured points on exact curves."""

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import BLACK, BLUE, GREY, VERMILION, new_figure, tidy

METHODS = {  # in the order of the law: title, name of the strength, whether it spans decades
    "ols": ("", "", False),
    "ridge": ("ridge", "penalty λ", True),
    "lasso": ("lasso", "penalty λ", True),
    "early_stopping": ("early stopping", "steps", True),
    "dropout": ("dropout", "rate q", False),
}
PARTS = (("bias²", VERMILION), ("variance", BLUE), ("risk, their sum", BLACK))


@dataclass(frozen=True, kw_only=True)
class Shrinkage:
    """A panel a method; cases (place of the method, strength) (N, 2) in `extras`, the law in `notes`.

    Predictions and targets hold squared bias and variance (N, 2). Raises DoesNotApply where there is no law.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        law = outcome.notes.get("law")
        if law is None or "cases" not in outcome.extras:
            raise DoesNotApply("notes: expected the law of data=shrinkage")
        figure = new_figure(5.6)
        panels = figure.subplots(2, 2, sharey=True).ravel()
        cases = outcome.extras["cases"]
        flat = float(outcome.targets[cases[:, 0] == 0].sum()) if (cases[:, 0] == 0).any() else None
        for axes, place in zip(panels, range(1, len(METHODS)), strict=True):
            _panel(axes, outcome, place=place, law=law)
            if flat is not None:
                axes.axhline(flat, color=GREY, linestyle="--", linewidth=1.2, label="risk of OLS")
        lines, names = panels[0].get_legend_handles_labels()
        figure.legend(lines, names, loc="outside upper left", ncols=4, fontsize=9, frameon=False)
        return figure


def _panel(axes: Axes, outcome: Outcome, *, place: int, law: object) -> None:
    title, label, decades = list(METHODS.values())[place]
    chosen = outcome.extras["cases"][:, 0] == place
    strength = outcome.extras["cases"][chosen, 1]
    if chosen.any():
        exact = _grid(strength, decades=decades)
        rows = np.column_stack([np.full_like(exact, place), exact])
        curves = law.answers(torch.from_numpy(rows)).numpy()  # type: ignore[attr-defined]
        for (name, colour), line, points in zip(
            PARTS, _with_sum(curves).T, _with_sum(outcome.predictions[chosen]).T, strict=True
        ):
            axes.plot(exact, line, color=colour, linewidth=1.5, label=f"{name}: exact")
            axes.plot(strength, points, "o", color=colour, markersize=4, label="measured" if colour == BLACK else None)
    axes.set_yscale("log")
    axes.set_ylim(2e-3, 2)
    if decades:
        axes.set_xscale("log")
    axes.set_title(title, fontsize=9.5, loc="left")
    tidy(axes, x=label, y="mean squared error")


def _grid(strength: Array, *, decades: bool) -> Array:
    low, high = strength.min(), strength.max()
    return np.geomspace(low, high, 100) if decades else np.linspace(low, high, 100)


def _with_sum(parts: Array) -> Array:
    """Squared bias, variance and risk, (N, 3)."""
    return np.column_stack([parts, parts.sum(axis=1)])
