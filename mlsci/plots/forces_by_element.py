"""Parity of forces, one panel an element."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.parity import Parity, draw_parity
from mlsci.plots.points import count_bar
from mlsci.plots.style import new_figure


@dataclass(frozen=True, kw_only=True)
class ForcesByElement:
    """Components of predicted forces against true ones; each element has its own panel, RMSE and MAE.

    `predictions` and `targets` of the outcome are components (M, 1) or forces (M, 3), and `extras["element"]` (M,)
    says on which element each of them acts. The most frequent elements are drawn, `most_panels` at most.
    DoesNotApply where there are no elements.
    """

    most_panels: int = 6

    def __call__(self, outcome: Outcome) -> Figure:
        if "element" not in outcome.extras:
            raise DoesNotApply("no elements")
        elements = np.asarray(outcome.extras["element"])
        predictions, targets = outcome.as_regression()
        if elements.shape != targets.shape[:1]:
            raise ValueError(f"element: expected one of each row ({len(targets)},), got shape {elements.shape}")
        names, counts = np.unique(elements, return_counts=True)
        shown = names[np.argsort(-counts, kind="stable")][: self.most_panels]
        parts = [_forces(predictions[elements == name], targets[elements == name], str(name)) for name in shown]
        if len(parts) == 1:
            return Parity()(parts[0])
        rows = -(-len(parts) // 2)
        figure = new_figure(3.1 * rows + 0.6, layout="compressed")
        grid = figure.subplots(rows, 2, squeeze=False).ravel()
        for spare in grid[len(parts) :]:
            spare.set_axis_off()
        count_bar(list(grid), [draw_parity(axes, part, column=0) for axes, part in zip(grid, parts, strict=False)])
        return figure


def _forces(predictions: Array, targets: Array, element: str) -> Outcome:
    """All components as one target."""
    title = f"forces on {element}"
    return Outcome(
        inputs=None,
        predictions=predictions.reshape(-1),
        targets=targets.reshape(-1),
        target_names=(title,),
        units={title: "eV/Å"},
    )
