"""Gradient methods at work: distances to the minimum beside exact rates, and the ways through Rosenbrock's valley."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import CYCLE, GREY, new_figure, tidy

NAMES = {
    "gradient_descent": "gradient descent",
    "heavy_ball": "heavy ball",
    "nesterov": "Nesterov",
    "rmsprop": "RMSProp",
    "adam": "Adam",
    "lbfgs": "L-BFGS",
    "newton": "Newton",
}
SMALLEST = 1e-14  # of the distances that are drawn


@dataclass(frozen=True, kw_only=True)
class Descent:
    """Two rows: distances against steps on a quadratic, with the exact rates dashed; paths on Rosenbrock's function.

    `extras` has "kappa", "quadratic/<method>" distances (steps + 1,) and "rosenbrock/<method>" paths (steps + 1, 2);
    predictions (N, 3) are the rates of the condition numbers `extras["cases"]` (N, 1), targets the exact ones.
    Raises DoesNotApply where there are none.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        if "kappa" not in outcome.extras:
            raise DoesNotApply("extras: expected what model=descent keeps")
        figure = new_figure(8.6)
        rows = figure.subplots(3, 1, height_ratios=[1, 1.25, 1])
        distances, paths = (_parts(outcome.extras, kind) for kind in ("quadratic/", "rosenbrock/"))
        _quadratic(rows[0], distances, outcome)
        _valley(rows[1], paths)
        _to_the_minimum(rows[2], paths)
        lines = {line.get_label(): line for line in rows[0].get_lines() if not str(line.get_label()).startswith("_")}
        figure.legend(lines.values(), lines, loc="outside upper left", ncols=4, fontsize=9, frameon=False)
        return figure


def _parts(extras: Mapping[str, Array], kind: str) -> dict[str, Array]:
    return {name.removeprefix(kind): values for name, values in extras.items() if name.startswith(kind)}


def _colour(name: str) -> str:
    return CYCLE[list(NAMES).index(name) % len(CYCLE)] if name in NAMES else GREY


def _quadratic(axes: Axes, distances: Mapping[str, Array], outcome: Outcome) -> None:
    kappa = float(outcome.extras["kappa"])
    for name, values in distances.items():
        seen = np.where(values > SMALLEST, values, np.nan)
        axes.plot(seen, color=_colour(name), linewidth=1.5, label=NAMES.get(name, name))
    place = int(np.argmin(np.abs(outcome.extras["cases"][:, 0] - kappa)))
    texts = []
    for column, name in enumerate(outcome.target_names or tuple(NAMES)[: outcome.targets.shape[1]]):
        exact, measured = float(outcome.targets[place, column]), float(outcome.predictions[place, column])
        values = distances[name]
        middle = int((values > SMALLEST**0.5).sum()) - 1
        steps = np.arange(len(values))
        line = values[middle] * exact ** (steps - middle)
        axes.plot(
            steps, np.where((line > SMALLEST) & (line < 2), line, np.nan), color=GREY, linestyle="--", linewidth=1.2
        )
        texts.append(f"{NAMES[name]} {measured:.4f} ({exact:.4f})")
    axes.plot([], [], color=GREY, linestyle="--", linewidth=1.2, label="exact rate")
    axes.set_yscale("log")
    axes.set_title(f"quadratic, κ = {kappa:g}; measured rates (exact):\n" + ", ".join(texts), fontsize=8, loc="left")
    tidy(axes, x="step", y="distance / first distance")


def _valley(axes: Axes, paths: Mapping[str, Array]) -> None:
    """Contours of the function on a logarithmic scale, and every path."""
    x, y = np.meshgrid(np.linspace(-1.6, 1.5, 300), np.linspace(-0.6, 1.7, 240))
    height = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    axes.contour(
        x, y, height, levels=10.0 ** np.arange(-2, 4, 0.5), norm=LogNorm(1e-3, 1e4), cmap="Greys", linewidths=0.6
    )
    for name, path in paths.items():
        axes.plot(*path.T, color=_colour(name), linewidth=1.2, marker="o", markersize=2, alpha=0.85)
    axes.plot(1, 1, marker="*", markersize=11, color="black", linestyle="none")
    axes.set(xlim=(-1.6, 1.5), ylim=(-0.6, 1.7))
    axes.set_title("Rosenbrock's function; the star is its minimum", fontsize=9, loc="left")
    tidy(axes, x="x", y="y")


def _to_the_minimum(axes: Axes, paths: Mapping[str, Array]) -> None:
    for name, path in paths.items():
        distance = np.linalg.norm(path - 1.0, axis=1)
        steps = np.arange(1, len(distance) + 1)
        axes.plot(steps, np.where(distance > SMALLEST, distance, np.nan), color=_colour(name), linewidth=1.5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    tidy(axes, x="step + 1, Rosenbrock's function", y="distance to (1, 1)")
