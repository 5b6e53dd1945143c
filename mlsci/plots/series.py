"""The curves in the `metrics.csv` of a run, read fast; the standard library only."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path

Series = list[tuple[float, float]]
VALUE = itemgetter(1)


def read_series(csv_path: str | Path, wanted: Callable[[str], object] = bool) -> dict[str, Series]:
    """The finite `(step, value)` pairs of each `wanted` column of metrics, in the order of the file.

    Blank cells are passed over, and so is a last line without its end: a killed run tore it.
    """
    text = Path(csv_path).read_text(encoding="utf-8", errors="replace")
    rows = list(csv.reader(io.StringIO(text[: text.rfind("\n") + 1], newline=""))) or [[]]
    columns = dict(zip(rows[0], zip_longest(*rows[1:], fillvalue=""), strict=False))
    steps = [_number(step) for step in columns.pop("step", ())]
    columns.pop("epoch", None)
    series = {name: _points(steps, cells) for name, cells in columns.items() if wanted(name)}
    return {name: points for name, points in series.items() if points}


def is_loss(name: str) -> bool:
    """Whether a column is a loss along the way: the test part has a single one, at the end."""
    return "loss" in name.rsplit("/", 1)[-1] and not name.startswith("test/")


def is_score(name: str) -> bool:
    """Whether a column is a validation metric that is no loss."""
    return name.startswith("val/") and not is_loss(name)


def losses_and_scores(csv_path: str | Path) -> tuple[dict[str, Series], dict[str, Series]]:
    """All losses, and the validation metrics that are none; other columns are not read."""
    series = read_series(csv_path, wanted=lambda name: is_loss(name) or is_score(name))
    losses = {name: points for name, points in series.items() if is_loss(name)}
    return losses, {name: points for name, points in series.items() if is_score(name)}


def thinned(points: Series, most: int) -> Series:
    """At most `most` of the points: the lowest and the highest of equal stretches, so that spikes survive."""
    if len(points) <= most:
        return points
    length = math.ceil(len(points) / (most // 2))
    kept: Series = []
    for start in range(0, len(points), length):
        stretch = points[start : start + length]
        kept += sorted({min(stretch, key=VALUE), max(stretch, key=VALUE)})
    return kept


def _points(steps: Sequence[float], cells: Sequence[str]) -> Series:
    """The pairs of finite numbers; most cells are blank, as each metric has its own pace."""
    try:
        points = [(step, float(cell)) for step, cell in zip(steps, cells, strict=False) if cell]
    except ValueError:  # rare: some cell holds no number
        points = [(step, _number(cell)) for step, cell in zip(steps, cells, strict=False)]
    if math.isfinite(sum(map(VALUE, points)) + sum(steps)):
        return points
    return [point for point in points if all(map(math.isfinite, point))]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
