"""The 131 chaotic systems of Gilpin (2021) in one process: a table of sMAPE, ours beside the published forecasts.

    python scripts/benchmarks/dysts.py                                     # kernel ridge, 15 points a period
    python scripts/benchmarks/dysts.py --out lstm.csv model=forecaster net=rnn
    python scripts/benchmarks/dysts.py --out fine.csv data.points=100 data.horizon=199
    python scripts/benchmarks/dysts.py --systems Lorenz,Rossler

What follows the options are overrides of `experiment=sequences/dysts`. Every system has a run folder and a row of the
CSV file; the same command again goes on with the systems that are missing. Beside the CSV file stands the table as
Markdown. The published forecasts are read from the data folder, dysts/results_test_univariate...json.gz, if there.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import io
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import mlsci
from mlsci.data.download import data_dir
from mlsci.data.dysts import systems
from mlsci.errors import Interrupted, MlsciError

NAMES = {"NBEATSModel": "N-BEATS", "RNNModel": "LSTM", "TransformerModel": "transformer", "RandomForest": "forest"}


def main() -> int:
    """Train and test on every system that has no result yet, then write the table."""
    asked, overrides = _arguments()
    points = int(next((text.split("=")[1] for text in overrides if text.startswith("data.points=")), 15))
    names = asked.systems.split(",") if asked.systems else sorted(systems("test", points=points))
    found = read(asked.out)
    for number, name in enumerate(names, start=1):
        if name in found or (asked.seconds is not None and time.process_time() > asked.seconds):
            continue
        began = time.process_time()
        try:
            found[name] = one(name, overrides)
        except Interrupted as error:
            return error.exit_code
        except MlsciError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        seconds = time.process_time() - began
        append(asked.out, name, found[name], seconds)
        middle = statistics.median(found.values())
        told = f"{number:3d}/{len(names)}  {name:28s} {found[name]:7.2f}   {seconds:5.1f} s   median {middle:.2f}"
        print(told, flush=True)
    scores = {name: found[name] for name in names if name in found}
    if not scores:
        return 1
    table = markdown(scores, published(points), ours=" ".join(overrides) or "model=kernel_ridge")
    asked.out.with_suffix(".md").write_text(table)
    print(table)
    return 0 if len(scores) == len(names) else 1


def one(name: str, overrides: Sequence[str]) -> float:
    """The sMAPE of one system; what the run prints, and its figures, are left out unless an override asks for them."""
    bare = ["logger=none", "~callbacks.progress", "callbacks.summary=null", "figures={}"]
    with contextlib.redirect_stdout(io.StringIO()):
        result = mlsci.train(["experiment=sequences/dysts", f"data.system={name}", *bare, *overrides])
    return result.metrics["test/smape"]


def read(path: Path) -> dict[str, float]:
    """The results so far."""
    if not path.is_file():
        return {}
    with path.open(newline="") as stream:
        return {row["system"]: float(row["smape"]) for row in csv.DictReader(stream)}


def append(path: Path, name: str, smape: float, seconds: float) -> None:
    """One more row, on disk before the next system begins."""
    new = not path.is_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as stream:
        writer = csv.writer(stream)
        if new:
            writer.writerow(["system", "smape", "cpu_seconds"])
        writer.writerow([name, repr(smape), f"{seconds:.1f}"])


def published(points: int) -> dict[str, dict[str, float]]:
    """The published sMAPE by method and system; nothing where the file is not at hand."""
    path = data_dir() / "dysts" / f"results_test_univariate__pts_per_period_{points}__periods_12.json.gz"
    if not path.is_file():
        return {}
    with gzip.open(path, "rt") as stream:
        content = json.load(stream)
    methods = [method for method in next(iter(content.values())) if method != "values"]
    return {m: {name: float(entry[m]["smape"]) for name, entry in content.items()} for m in methods}


def markdown(scores: Mapping[str, float], others: Mapping[str, Mapping[str, float]], *, ours: str) -> str:
    """Medians and quartiles over the systems that we have, best first, and then every system."""
    rows = [(f"**{ours}**", list(scores.values()))]
    rows += [(NAMES.get(method, method), [found[name] for name in scores]) for method, found in others.items()]
    lines = [f"sMAPE (%) over {len(scores)} systems", ""]
    lines += ["| method | median | quartiles | ours is better on |", "|---|---|---|---|"]
    for name, values in sorted(rows, key=lambda row: statistics.median(row[1])):
        low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
        wins = sum(mine < theirs for mine, theirs in zip(scores.values(), values, strict=True))
        share = "" if values is rows[0][1] else f"{wins} of {len(values)}"
        lines.append(f"| {name} | {statistics.median(values):.2f} | {low:.1f} to {high:.1f} | {share} |")
    best = [method for method in ("NBEATSModel", "RNNModel", "TransformerModel") if method in others]
    lines += ["", f"| system | ours | {' | '.join(NAMES[m] for m in best)} |", "|---" * (2 + len(best)) + "|"]
    for name, value in scores.items():
        lines.append(f"| {name} | {value:.2f} | {' | '.join(f'{others[m][name]:.2f}' for m in best)} |")
    return "\n".join(lines) + "\n"


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("dysts.csv"), help="results, one row a system")
    parser.add_argument("--systems", help="only these, a comma between two")
    parser.add_argument("--seconds", type=float, help="begin no system after so many CPU-seconds")
    parser.add_argument("overrides", nargs="*", help="of experiment=sequences/dysts")
    asked, more = parser.parse_known_args()
    return asked, [*asked.overrides, *more]


if __name__ == "__main__":
    sys.exit(main())
