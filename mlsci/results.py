"""The results table: finished runs averaged over seeds and folds, beside the numbers to be reached."""

import math
import os
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsci.errors import MlsciError
from mlsci.run_reader import Run, collect, is_number
from mlsci.verdict import reaches

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ResultsError", "Row", "Run", "Spread", "collect", "last_values", "show", "table", "write"]

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
REPEATS = ("seed", "data.fold", "data.split_seed", "data.system")  # what may differ between the runs of one mean
SAME_NUMBERS = re.compile(r"(seed|data\.fold|data\.split_seed|data\.system|run\.name|paths|logger|hydra)([./@]|$)")
COLUMNS = (
    "experiment",
    "metric",
    "ours (mean ± sd, n)",
    "published or baseline",
    "reached",
    "source",
    "parameters",
    "CPU s",
    "command",
    "git",
    "hardware",
)


class ResultsError(MlsciError):
    """A results file whose markers do not say where the table is."""


@dataclass(frozen=True)
class Spread:
    """Mean, median and range of `count` runs, with their sample standard deviation (0 for a single run)."""

    mean: float
    median: float
    least: float
    most: float
    deviation: float
    count: int


@dataclass(frozen=True)
class Row:
    """One metric of one experiment, with one set of overrides, against one reference."""

    experiment: str
    metric: str
    unit: str
    ours: Spread
    reference: Spread | None
    who: str  # "published", or the name of the baseline
    reached: bool | None
    source: str
    parameters: int | None
    cpu_seconds: float | None  # median
    command: str
    git: str
    hardware: str
    statistic: str = "mean"


def is_trial(run: Run) -> bool:
    """Whether a run was made with `debug=...`, to see that it runs at all."""
    return run.choices.get("debug") not in {None, "None", "null"}


def table(runs: Iterable[Run]) -> list[Row]:
    """One row for each experiment, set of overrides, metric and reference, averaged over seeds and folds.

    Only finished runs count, and of two runs with the same seed and fold only the newer. A comparison that
    every run won, or every run lost, keeps that verdict; otherwise the means are compared.
    """
    groups: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], Run]] = defaultdict(dict)
    for run in sorted(runs, key=lambda run: run.created):
        if run.state == "finished" and not is_trial(run):
            repeat = tuple(_value(run, key) for key in REPEATS)
            groups[run.experiment, _setting(run)].pop(repeat, None)
            groups[run.experiment, _setting(run)][repeat] = run
    return [row for _, group in sorted(groups.items()) for row in _rows(list(group.values()))]


def write(runs: Iterable[Run], path: str | Path) -> Path:
    """Renew the table between the markers of `path`; all else in the file stays byte for byte.

    Rows of experiments without a finished run here are kept. A file without markers gets them at its end, a
    missing one is created. Raises ResultsError where a marker is missing, doubled or misplaced.
    """
    path = Path(path).resolve()
    before, inside, after = _split(path.read_bytes().decode() if path.exists() else "# Results", path=path)
    lines: dict[str, list[str]] = defaultdict(list)
    for row in table(runs):
        lines[_escape(row.experiment)].append(_line(cells(row)))
    for line in [line for line in _table_lines(inside) if _split_line(line)[0] not in lines]:
        lines[_split_line(line)[0]].append(line)
    body = [_line(COLUMNS), "|" + " --- |" * len(COLUMNS)]
    body += [line for experiment in sorted(lines) for line in lines[experiment]]
    text = f"{before}{BEGIN}\n" + "\n".join(body) + f"\n{END}{after}"
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    scratch.write_bytes(text.encode())
    scratch.replace(path)  # a reader sees the old table or the new one, never half of one
    return path


def last_values(runs_root: str | Path, results_md: str | Path) -> dict[str, str]:
    """The reference metric of each experiment's newest finished run, else that of its row in `results_md`."""
    path, values = Path(results_md), dict[str, str]()
    if path.exists():
        for line in _table_lines(_split(path.read_bytes().decode(), path=path)[1]):
            experiment, metric, ours = _split_line(line)[:3]
            values.setdefault(experiment, f"{metric} {ours}")
    for run in collect(runs_root):
        entry = run.comparison[0] if run.comparison else {}
        judged = entry and (entry.get("reached") is not None or entry.get("published") is None)
        if run.state == "finished" and judged and not is_trial(run):
            unit = entry.get("unit") or ""
            values[run.experiment] = f"{entry['metric']} {rounded(entry['ours'])} {unit}".rstrip()
    return values


def show(rows: Sequence[Row], *, console: "Console | None" = None) -> None:
    """Print the table to a terminal, without the columns that would not fit."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*COLUMNS[:5], COLUMNS[7])
    for row in rows:
        texts = cells(row)
        shown.add_row(*map(Text, (*texts[:5], texts[7])))  # Text: a name in brackets is no markup
    (console or Console()).print(shown)


def cells(row: Row) -> tuple[str, ...]:
    """The texts of a row, one for each of `COLUMNS`."""
    unit = f" {row.unit}" if row.unit else ""
    ours = _ours(row) + unit
    reference = "—"
    if row.reference:
        reference = f"{rounded(row.reference.mean, row.reference.deviation)}{unit} ({row.who})"
    return (
        row.experiment,
        row.metric,
        ours + (f" (n={row.ours.count})" if row.ours.count > 1 else ""),
        reference,
        {True: "yes", False: "no", None: "—"}[row.reached if row.reference else None],
        row.source or "—",
        "—" if row.parameters is None else f"{row.parameters:,}",
        "—" if row.cpu_seconds is None else f"{row.cpu_seconds:.3g}",
        f"`{row.command}`" if row.command else "—",
        row.git or "—",
        row.hardware or "—",
    )


def _ours(row: Row) -> str:
    """Mean and deviation, or the median with its range where the reference asks for it."""
    found = row.ours
    if row.statistic != "median" or found.count == 1:
        return rounded(found.mean, found.deviation)
    return f"median {found.median:.3g} ({found.least:.2g} to {found.most:.2g})"


def rounded(mean: float, deviation: float = 0.0) -> str:
    """`mean ± deviation` to two digits of the deviation, or `mean` alone to four where there is none."""
    if not deviation > 0:
        return f"{mean:.4g}"
    largest = math.floor(math.log10(max(abs(mean), deviation)))
    if not -4 <= largest <= 5:
        scale = 10.0**largest
        return f"({rounded(mean / scale, deviation / scale)})e{largest:+03d}"
    digits = 1 - math.floor(math.log10(deviation))
    return " ± ".join(f"{round(number, digits):.{max(digits, 0)}f}" for number in (mean, deviation))


def _rows(group: Sequence[Run]) -> Iterator[Row]:
    """The rows of runs that differ in seed and fold only."""
    entries: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for run in group:
        for entry in run.comparison:
            entries[str(entry["metric"]), str(entry.get("who") or "published")].append(entry)
    newest, seconds = group[-1], [run.cpu_seconds for run in group if run.cpu_seconds is not None]
    for (metric, who), found in entries.items():
        ours = _spread([entry["ours"] for entry in found])
        published = [entry["published"] for entry in found if is_number(entry.get("published"))]
        reference = _spread(published) if published else None
        yield Row(
            experiment=newest.experiment,
            metric=metric,
            unit=str(found[-1].get("unit") or ""),
            ours=ours,
            reference=reference,
            who=who,
            reached=_reached(found, ours=ours, reference=reference),
            statistic=str(found[-1].get("statistic") or "mean"),
            source=str(found[-1].get("source") or ""),
            parameters=newest.parameters,
            cpu_seconds=statistics.median(seconds) if seconds else None,
            command=_command(group),
            git=", ".join(dict.fromkeys(run.git for run in group if run.git)),
            hardware=newest.hardware,
        )


def _spread(values: Sequence[float]) -> Spread:
    several = len(values) > 1 and all(map(math.isfinite, values))
    deviation = statistics.stdev(values) if several else 0.0
    return Spread(
        mean=statistics.fmean(values),
        median=statistics.median(values),
        least=min(values),
        most=max(values),
        deviation=deviation,
        count=len(values),
    )


def _reached(entries: Sequence[Mapping[str, Any]], *, ours: Spread, reference: Spread | None) -> bool | None:
    """None where there is no number, or it stands for another run."""
    verdicts = {entry.get("reached") for entry in entries}
    if len(verdicts) == 1:
        return verdicts.pop()
    if reference is None or None in verdicts:
        return None
    last = entries[-1]
    value = ours.median if last.get("statistic") == "median" else ours.mean
    return reaches(value, reference.mean, better=last.get("better", "higher"), within=last.get("within", 0.0))


def _command(group: Sequence[Run]) -> str:
    """The newest run's command, with all the seeds and folds of the mean where they fill a grid."""
    values = {key: sorted({_value(run, key) for run in group}, key=lambda text: (len(text), text)) for key in REPEATS}
    varied = {key: found for key, found in values.items() if len(found) > 1}
    words = group[-1].command.split()
    grid = math.prod(map(len, varied.values())) == len(group) and all(map(all, varied.values()))
    if len(group) == 1 or not grid or len(words) < 2:
        return group[-1].command
    kept = [word for word in words[2:] if _key(word) not in ("-m", "--multirun", "run.name", *varied)]
    return " ".join([*words[:2], "-m", *kept, *(f"{key}={','.join(found)}" for key, found in varied.items())])


def _key(override: str) -> str:
    return override.lstrip("+~").split("=", 1)[0]


def _value(run: Run, key: str) -> str:
    chosen = [override.split("=", 1)[-1] for override in run.overrides if _key(override) == key]
    return chosen[-1] if chosen else (run.seed if key == "seed" else "")


def _setting(run: Run) -> tuple[str, ...]:
    """The overrides that make a run a different experiment, not a repetition."""
    return tuple(sorted(override for override in run.overrides if not SAME_NUMBERS.match(_key(override))))


def _split(text: str, *, path: Path) -> tuple[str, str, str]:
    """The text before, between and after the markers; a text without markers ends in an empty table."""
    if BEGIN not in text and END not in text:
        return (text if text.endswith("\n") else text + "\n") + "\n", "", "\n"
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    if text.count(BEGIN) != 1 or text.count(END) != 1 or END in before:
        got = f"{text.count(BEGIN)} of the first and {text.count(END)} of the second"
        raise ResultsError(f"{path}: expected {BEGIN} and after it {END}, once each; got {got}")
    return before, inside, after


def _table_lines(inside: str) -> list[str]:
    """The rows of a Markdown table below its two lines of heading."""
    return [line for line in inside.splitlines() if line.startswith("|") and len(_split_line(line)) > 2][2:]


def _line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(map(_escape, texts)) + " |"


def _escape(text: str) -> str:
    """One line that can neither open a column nor close the table's marker."""
    return " ".join(text.replace("<", "&lt;").replace("|", r"\|").split())


def _split_line(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
