"""Parity of energies of structures."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.parity import Parity

NAME = "energy, from the mean of the true ones"


@dataclass(frozen=True, kw_only=True)
class EnergyParity:
    """Predicted against true energies in meV an atom, both counted from the mean of the true ones.

    `extras["energy"]` and `extras["true energy"]` (structures,) are eV an atom; structures without a label are left
    out. DoesNotApply where there are none.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        if not {"energy", "true energy"} <= outcome.extras.keys():
            raise DoesNotApply("no energies")
        ours, theirs = (np.asarray(outcome.extras[name], dtype=np.float64) for name in ("energy", "true energy"))
        known = np.isfinite(theirs)
        if not known.any():
            raise DoesNotApply("no true energies")
        mean = theirs[known].mean()
        return Parity()(
            Outcome(
                inputs=None,
                predictions=1000 * (ours[known] - mean),
                targets=1000 * (theirs[known] - mean),
                target_names=(NAME,),
                units={NAME: "meV/atom"},
            )
        )
