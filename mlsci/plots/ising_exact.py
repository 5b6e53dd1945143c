"""The Ising model sampled and solved: energy and magnetisation on the exact curves, and the crossing of cumulants."""

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, ORANGE, VERMILION, new_figure, note, tidy

KINDS = (("energy", "energy a site (J)", BLUE), ("magnetisation", "magnetisation a site", BLUE))


@dataclass(frozen=True, kw_only=True)
class IsingExact:
    """Measured values at the cases (quantity, T, chains) of `extras` over the law of `notes`.

    Raises DoesNotApply where there is no such law.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        law = outcome.notes.get("law")
        if law is None or "window" not in outcome.extras:
            raise DoesNotApply("notes: expected the law of data=ising_exact")
        figure = new_figure(5.2)
        grid = figure.subplots(2, 2)
        for quantity, (_, label, _) in enumerate(KINDS):
            self._law(grid[0, quantity], outcome, law=law, quantity=quantity, label=label)
        grid[0, 0].legend(fontsize=8.5, frameon=False, loc="upper left")
        for axes in grid[1]:
            axes.remove()
        self._cumulants(figure.add_subplot(2, 1, 2), outcome)
        return figure

    def _law(self, axes: Axes, outcome: Outcome, *, law: object, quantity: int, label: str) -> None:
        cases = outcome.extras["cases"]
        shown = cases[:, 0] == quantity
        critical = self._critical(outcome)
        T = np.linspace(1.0, 4.2, 400)
        rows = np.column_stack([np.full_like(T, quantity), T, np.ones_like(T)])
        tidy(axes, x="temperature (J/k$_B$)", y=label)
        exact = law.answers(torch.from_numpy(rows))[:, 0]  # type: ignore[attr-defined]
        axes.plot(T, exact, color=BLUE, linewidth=1.5, label="exact")
        axes.plot(cases[shown, 1], outcome.predictions[shown, 0], "o", color=VERMILION, markersize=4.5, label="sampled")
        axes.axvline(critical, color=GREY, linestyle=":", linewidth=1.2)

    def _cumulants(self, axes: Axes, outcome: Outcome) -> None:
        tidy(axes, x="temperature (J/k$_B$)", y="Binder cumulant")
        window, extras = outcome.extras["window"], outcome.extras
        names = [name for name in extras if name.startswith("cumulant/")]
        for name, color, marker in zip(names, (ORANGE, BLUE), "os", strict=True):
            label = f"L = {name.removeprefix('cumulant/')}"
            axes.plot(window, extras[name], marker=marker, color=color, linewidth=1.4, markersize=4.5, label=label)
        critical = self._critical(outcome)
        axes.axvline(critical, color=GREY, linestyle=":", linewidth=1.2, label="exact T$_c$")
        axes.legend(fontsize=8.5, frameon=False, loc="lower left")
        found = float(outcome.predictions[extras["cases"][:, 0] == 2, 0][0])
        off = 100 * (found / critical - 1)
        note(axes, f"crossing at {found:.4f}, exact {critical:.4f}: {off:+.2f} %", x=0.97, y=0.96)

    def _critical(self, outcome: Outcome) -> float:
        return float(outcome.targets[outcome.extras["cases"][:, 0] == 2, 0][0])
