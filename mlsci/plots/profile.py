"""Energy along a path: a dihedral angle that turns, a reaction that goes on."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array
from mlsci.plots.style import BLACK, BLUE, legend_above, new_figure, note, plain, tidy


def profile(x: Array, energies: Mapping[str, Array], *, label: str, what: str = "energy") -> Figure:
    """Energies (n,) in meV on a coordinate (n,): the model's as a line, the reference's, where known, as points.

    Args:
        x: the coordinate.
        energies: by name, the model first; each is shifted to 0 at its lowest point.
        label: of the coordinate, with its unit.
        what: the energies are.
    """
    figure = new_figure(3.4)
    axes = tidy(figure.subplots(), x=plain(label), y=f"{what} (meV)")
    order = np.argsort(x, kind="stable")
    shifted = {name: (values - np.nanmin(values))[order] for name, values in energies.items()}
    for number, (name, values) in enumerate(shifted.items()):
        style = "-" if number == 0 else "o"
        colour = BLUE if number == 0 else BLACK
        axes.plot(np.asarray(x)[order], values, style, color=colour, linewidth=1.6, markersize=3.5, label=plain(name))
    if len(shifted) > 1:
        legend_above(axes, list(shifted))
        first, second = list(shifted.values())[:2]
        note(axes, f"RMSE {np.sqrt(np.nanmean((first - second) ** 2)):.3g} meV")
    axes.margins(y=0.2)
    return figure
