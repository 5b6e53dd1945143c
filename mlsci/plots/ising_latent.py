"""The code of Ising lattices beside their magnetisation, and how much it fluctuates at each temperature."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, new_figure, tidy


@dataclass(frozen=True, kw_only=True)
class IsingLatent:
    """The code that follows the magnetisation best, of lattices (N, 1, L, L) whose `notes["temperature"]` is known.

    Left against the magnetisation, coloured by temperature; right the variance of its modulus at each temperature,
    with the exact T_c. Raises DoesNotApply without codes or temperatures.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        if "latent" not in outcome.extras or "temperature" not in outcome.notes:
            raise DoesNotApply("expected codes of data=ising")
        codes = np.asarray(outcome.extras["latent"], dtype=np.float64)
        temperature = np.asarray(outcome.notes["temperature"])[: len(codes)]
        m = np.asarray(outcome.targets, dtype=np.float64).reshape(len(codes), -1).mean(axis=1)
        spread = codes.std(axis=0)
        share = np.abs((codes - codes.mean(axis=0)).T @ (m - m.mean())) / np.where(spread > 0, spread, np.inf)
        code = codes[:, int(share.argmax())]
        figure = new_figure(3.0)
        left, right = figure.subplots(1, 2, width_ratios=(5, 4))
        drawn = left.scatter(m, code, c=temperature, s=4, cmap="viridis", rasterized=True)
        figure.colorbar(drawn, ax=left, label="temperature (J/k$_B$)")
        tidy(left, x="magnetisation a spin", y="latent variable")
        slope, offset = np.polyfit(code, m, 1)
        values = np.unique(temperature)
        order = [np.abs(slope * code[temperature == value] + offset).var() for value in values]
        sites = np.asarray(outcome.targets)[0].size
        right.plot(values, sites * np.array(order) / values, "o-", color=BLUE, markersize=4, linewidth=1.2)
        right.axvline(outcome.notes["critical_temperature"], color=GREY, linestyle=":", label="exact T$_c$")
        right.legend(fontsize=9, frameon=False)
        tidy(right, x="temperature (J/k$_B$)", y="fluctuation of the latent")
        return figure
