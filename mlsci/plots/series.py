"""The curves in the `metrics.csv` of a run, read fast; the standard library only."""

import csv
import io
import math
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

Series = list[tuple[float, float]]


def read_series(csv_path: str | Path) -> dict[str, Series]:
    """The finite `(step, value)` pairs of each metric column, in the order of the file.

    Blank cells are passed over, and so is a last line without its end: a killed run tore it.
    """
    text = Path(csv_path).read_text(encoding="utf-8", errors="replace")
    rows = list(csv.reader(io.StringIO(text[: text.rfind("\n") + 1], newline=""))) or [[]]
    columns = dict(zip(rows[0], zip_longest(*rows[1:], fillvalue=""), strict=False))
    steps = columns.pop("step", ())
    columns.pop("epoch", None)
    series = {name: _points(steps, cells) for name, cells in columns.items()}
    return {name: points for name, points in series.items() if points}


def losses_and_scores(series: Mapping[str, Series]) -> tuple[dict[str, Series], dict[str, Series]]:
    """All losses, and the validation metrics that are none."""
    losses = {name: series[name] for name in series if "loss" in name.rsplit("/", 1)[-1]}
    return losses, {name: series[name] for name in series if name.startswith("val/") and name not in losses}


def thinned(points: Series, most: int) -> Series:
    """At most `most` of the points: the lowest and the highest of equal stretches, so that spikes survive."""
    if len(points) <= most:
        return points
    length = math.ceil(len(points) / (most // 2))
    kept: Series = []
    for start in range(0, len(points), length):
        stretch = points[start : start + length]
        kept += sorted({min(stretch, key=_value), max(stretch, key=_value)})
    return kept


def _value(point: tuple[float, float]) -> float:
    return point[1]


def _points(steps: tuple[str, ...], cells: tuple[str, ...]) -> Series:
    pairs = ((_number(step), _number(cell)) for step, cell in zip(steps, cells, strict=False) if cell)
    return [(step, value) for step, value in pairs if math.isfinite(step) and math.isfinite(value)]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
