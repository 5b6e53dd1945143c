"""Distributions from simulations, of one model or of a model beside its reference: distances, vibrations."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array
from mlsci.plots.style import BLACK, BLUE, GREY, legend_above, new_figure, note, plain, tidy

Curves = Mapping[str, tuple[Array, Array]]  # name -> x, y; the model first, its reference second


def radial(curves: Curves, *, bulk: bool, overlap: float | None = None) -> Figure:
    """Radial distribution of distances in Å: g(r) of a periodic system, else a density of area 1."""
    figure = new_figure(3.4)
    axes = tidy(figure.subplots(), x="distance r (Å)", y="g(r)" if bulk else "density of distances (1/Å)")
    _draw(axes, curves, overlap)
    if bulk:
        axes.axhline(1, color=GREY, linewidth=0.8, linestyle=":")
    return figure


def spectrum(curves: Curves, *, overlap: float | None = None, highest: float | None = None) -> Figure:
    """Vibrational density of states in units of 10⁻³ cm against wavenumbers up to `highest` in cm⁻¹."""
    figure = new_figure(3.4)
    axes = tidy(figure.subplots(), x="wavenumber (cm⁻¹)", y="density of states (10⁻³ cm)")
    _draw(axes, {name: (x, 1000 * y) for name, (x, y) in curves.items()}, overlap)
    axes.set_xlim(0, highest or _end(curves))
    return figure


def _draw(axes: Axes, curves: Curves, overlap: float | None) -> None:
    for (name, (x, y)), colour, style in zip(curves.items(), (BLUE, BLACK), ("-", "--"), strict=False):
        axes.plot(x, y, color=colour, linestyle=style, linewidth=1.6 if style == "-" else 1.2, label=plain(name))
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    if len(curves) > 1:
        legend_above(axes, list(curves))
    if overlap is not None:
        note(axes, f"overlap {overlap:.3f}", x=0.96)


def _end(curves: Curves) -> float:
    """Where a hundredth of the area is left, and a little more."""
    ends = []
    for x, y in curves.values():
        share = y.cumsum() / y.sum()
        ends.append(float(x[share.searchsorted(0.99)]))
    return 1.15 * max(ends)
