"""Couplings between spins as a matrix: found, and true."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import new_figure


@dataclass(frozen=True, kw_only=True)
class Couplings:
    """J_ij = minus the weight of σ_i σ_j: found (`extras["weight"]` (1, P)) beside true (`notes["true/weight"]`).

    P pairs i < j in order; `notes["spins"]` says of how many spins. Raises DoesNotApply where these are missing.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        if "spins" not in outcome.notes or "weight" not in outcome.extras:
            raise DoesNotApply("expected weights of a linear model on data=ising_chain")
        found, true = (
            matrix(w, outcome.notes["spins"]) for w in (outcome.extras["weight"], outcome.notes["true/weight"])
        )
        figure = new_figure(3.0, layout="compressed")
        limit = float(np.abs(true).max())
        for axes, values, title in zip(figure.subplots(1, 2), (found, true), ("found", "true"), strict=True):
            shown = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit)
            axes.set_title(title, fontsize=9.5, loc="left")
            axes.set_xlabel("spin j")
            axes.set_ylabel("spin i")
            axes.tick_params(labelsize=9)
        figure.colorbar(shown, ax=figure.axes, label="coupling J", shrink=0.9)
        return figure


def matrix(weight: Array, spins: int) -> Array:
    """The symmetric couplings (spins, spins) of weights (1, P) of pairs i < j."""
    full = np.zeros((spins, spins))
    full[np.triu_indices(spins, 1)] = -np.asarray(weight).ravel()
    return full + full.T
