"""The common look of every figure: readable at 600 px, safe for the colour-blind (Okabe and Ito 2008)."""

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, VERMILION, YELLOW, BLACK = "#56B4E9", "#D55E00", "#F0E442", "#000000"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, BLACK)
LINE_STYLES = ("-", "--", ":", "-.")
GREY = "#767676"
WIDTH = 6.0  # inches: at 600 px a 9 pt letter is then 12 px high
SMALL = 8.5  # points, the smallest text of any figure


def new_figure(height: float, *, layout: Literal["constrained", "compressed"] = "constrained") -> Figure:
    """An empty Agg figure, 6 inches wide and `height` inches high; "compressed" packs square axes."""
    figure = Figure(figsize=(WIDTH, height), dpi=150, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def tidy(axes: Axes, *, x: str, y: str) -> Axes:
    """Name both axes, open the frame and put a pale grid behind the data."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9)
    return axes


def note(axes: Axes, text: str, *, x: float = 0.04, y: float = 0.96) -> None:
    """Write `text` in a corner (axes fractions); it grows away from the nearer edges."""
    axes.text(
        x,
        y,
        text,
        transform=axes.transAxes,
        fontsize=9,
        ha="left" if x < 0.5 else "right",
        va="bottom" if y < 0.5 else "top",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    )


def plain(text: str) -> str:
    """`text` as it stands: a dollar in a class name must not open matplotlib's mathematics."""
    return text.replace("$", r"\$")


def shorten(text: str, length: int) -> str:
    """At most `length` characters of `text`, the cut shown by an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"


def with_unit(name: str, unit: str) -> str:
    """An axis label: `name (unit)`, or `name` alone for a pure number."""
    return plain(f"{name} ({unit})" if unit else name)


def legend_above(axes: Axes, names: Sequence[str]) -> None:
    """A frameless legend over the axes, where it can cover no data."""
    columns = 1 if max(map(len, names)) > 24 else min(3, len(names))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, fontsize=9, frameon=False)
