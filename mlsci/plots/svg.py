"""Curves as an SVG drawing for a page, in the page's own colours; the standard library only."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from mlsci.plots.series import Series, thinned

WIDTH, HEIGHT = 1200, 400  # of the drawing, in half pixels: whole numbers are exact enough
LEFT, TOP, BOTTOM = 110, 14, 34  # margins for the labels
MOST_POINTS = 400  # of one curve: more cannot be told apart on a screen
LARGEST = 1e100  # a value beyond it is left out, as its axis would overflow
COLOURS = 6  # the page styles the classes c0 to c5


def drawing(series: Mapping[str, Series], *, log: bool) -> str:
    """An `<svg>` of the curves above a key, on a log axis if `log` and all are positive; "" without any.

    Curves have the classes c0, c1, ... and take their colour from `currentColor`; all names are escaped.
    """
    drawn = {name: [point for point in points if abs(point[1]) < LARGEST] for name, points in series.items()}
    curves = {name: thinned(points, MOST_POINTS) for name, points in drawn.items() if points}
    if not curves:
        return ""
    log = log and min(value for points in curves.values() for _, value in points) > 0
    if log:
        curves = {name: [(step, math.log10(y)) for step, y in points] for name, points in curves.items()}
    x0, x1 = _range([step for points in curves.values() for step, _ in points])
    y0, y1 = _range([height for points in curves.values() for _, height in points])
    across, up = (WIDTH - LEFT - 8) / (x1 - x0), (HEIGHT - TOP - BOTTOM) / (y1 - y0)
    left, ground = LEFT - x0 * across, HEIGHT - BOTTOM + y0 * up
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="learning curves">']
    for tick in _ticks(y0, y1, log=log):
        parts.append(_grid_line(round(ground - tick * up), f"{10**tick if log else tick:.3g}"))
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 6}">{x0:.6g}</text>')
    parts.append(f'<text x="{WIDTH - 8}" y="{HEIGHT - 6}" text-anchor="end">step {x1:.6g}</text>')
    for index, points in enumerate(curves.values()):
        dots = [(round(left + step * across), round(ground - height * up)) for step, height in points]
        parts.append(_curve(dots, colour=index % COLOURS))
    return "".join(parts) + "</svg>" + _key(curves, log=log)


def _grid_line(row: int, label: str) -> str:
    line = f'<line x1="{LEFT}" x2="{WIDTH}" y1="{row}" y2="{row}"/>'
    return line + f'<text x="{LEFT - 10}" y="{row + 8}" text-anchor="end">{label}</text>'


def _curve(dots: Sequence[tuple[int, int]], *, colour: int) -> str:
    """A path of steps relative to the last dot, which halves the page; a single dot is a circle."""
    x, y = dots[0]
    if len(dots) == 1:
        return f'<circle class="c{colour}" cx="{x}" cy="{y}" r="6"/>'
    moves = " ".join([f"{after[0] - dot[0]},{after[1] - dot[1]}" for dot, after in pairwise(dots)])
    return f'<path class="c{colour}" d="M{x},{y}l{moves}"/>'


def _key(names: Mapping[str, Series], *, log: bool) -> str:
    lines = [f'<span class="c{index % COLOURS}">━ {escape(name)}</span>' for index, name in enumerate(names)]
    return f'<div class="key">{" ".join(lines)}{" (log)" if log else ""}</div>'


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The limits, a little apart where they are equal."""
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - (0.1 * abs(low) or 1), low + (0.1 * abs(low) or 1))


def _ticks(low: float, high: float, *, log: bool) -> list[float]:
    """Two to six round numbers; on a log axis whole decades where it holds at least two."""
    if log and math.floor(high) - math.ceil(low) >= 1:
        first, last = math.ceil(low), math.floor(high)
        return [float(decade) for decade in range(first, last + 1, math.ceil((last - first + 1) / 6))]
    step = 10.0 ** math.floor(math.log10(high - low))
    step *= next(part for part in (0.2, 0.5, 1, 2) if (high - low) / (part * step) <= 6)
    count = math.floor(high / step) - math.ceil(low / step)
    return [(math.ceil(low / step) + index) * step for index in range(count + 1)]
