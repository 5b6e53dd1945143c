"""Parity of forces, one panel an element."""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.parity import Parity, draw_parity
from mlsci.plots.points import count_bar
from mlsci.plots.style import new_figure


@dataclass(frozen=True, kw_only=True)
class ForcesByElement:
    """Components of predicted forces against true ones; each element has its own panel, RMSE and MAE.

    `predictions` and `targets` of the outcome are forces (atoms, 3), `extras["element"]` holds the symbol of each
    atom. The most frequent elements are drawn, `most_panels` at most. DoesNotApply where there are no elements.
    """

    most_panels: int = 6

    def __call__(self, outcome: Outcome) -> Figure:
        if "element" not in outcome.extras or np.asarray(outcome.targets).shape[1:] != (3,):
            raise DoesNotApply("no forces of atoms with an element")
        elements = np.asarray(outcome.extras["element"])
        if elements.shape != outcome.targets.shape[:1]:
            raise ValueError(f"element: expected one of each atom ({len(outcome.targets)},), got {elements.shape}")
        names, counts = np.unique(elements, return_counts=True)
        shown = names[np.argsort(-counts, kind="stable")][: self.most_panels]
        if len(shown) == 1:
            return Parity()(_of(outcome, elements == shown[0], str(shown[0])))
        rows = -(-len(shown) // 2)
        figure = new_figure(3.1 * rows + 0.6, layout="compressed")
        grid = figure.subplots(rows, 2, squeeze=False).ravel()
        for spare in grid[len(shown) :]:
            spare.set_axis_off()
        parts = [_of(outcome, elements == name, str(name)) for name in shown]
        count_bar(list(grid), [draw_parity(axes, part, column=0) for axes, part in zip(grid, parts, strict=False)])
        return figure


def _of(outcome: Outcome, chosen: np.ndarray, name: str) -> Outcome:
    """All components of the forces on some atoms as one target."""
    title = f"forces on {name}"
    unit = next((unit for key, unit in outcome.units.items() if key == "forces"), "eV/Å")
    return replace(
        outcome,
        predictions=np.asarray(outcome.predictions)[chosen].reshape(-1),
        targets=np.asarray(outcome.targets)[chosen].reshape(-1),
        target_names=(title,),
        units={title: unit},
        extras={},
    )
