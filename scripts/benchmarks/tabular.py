"""Tables beside scikit-learn: the same perceptron on the same rows, and linear models that have one best answer.

    python scripts/benchmarks/tabular.py [--seeds 3] [--epochs 60] [--cases digits,diabetes] [--out tabular.md]

Both sides see the same split, the same standardised inputs, and train on one core: ReLU units, Adam with the same
rate, batch size and number of epochs, no penalty, no validation. What differs is the law of the initial weights, and
who cuts the batches. Held-out scores are accuracies in % or root mean square errors; times are CPU seconds from the
first to the last step, of `fit` for scikit-learn. `own recipe` is our experiment as it stands (dropout, averaged
weights, noise, warm-up), where there is one with a perceptron. The linear models are fitted to the same rows until
both have converged; the table has the largest difference of a coefficient for standardised values.
"""

import argparse
import statistics
from collections.abc import Iterable
from pathlib import Path

import sklearn
import tabular_convex as convex
import tabular_nets as nets
import threadpoolctl
import torch
from tabular_cases import CASES, parts

from mlsci.record import git_state, hardware, versions

Run = tuple[float, float, int]  # score, CPU seconds, parameters


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="of split, weights and order")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--hidden", type=int, default=64, help="units of a hidden layer")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--cases", default=",".join(CASES), help=f"some of {','.join(CASES)}")
    parser.add_argument("--out", type=Path, default=Path("tabular.md"))
    options = parser.parse_args()
    unknown = set(options.cases.split(",")) - set(CASES)
    if unknown:
        parser.error(f"--cases: no {', '.join(sorted(unknown))}; known: {', '.join(CASES)}")
    return options


def measure_nets(options: argparse.Namespace) -> dict[str, dict[str, list[Run]]]:
    """Every way with every seed, in turns."""
    shape = {name: getattr(options, name) for name in ("hidden", "layers", "batch", "epochs")}
    found: dict[str, dict[str, list[Run]]] = {}
    for name in options.cases.split(","):
        case = CASES[name]
        ways: dict[str, list[Run]] = {"mlsci": [], "scikit-learn": []}
        for seed in range(options.seeds):
            rows = parts(case, seed=seed)
            ways["mlsci"].append(nets.ours(case, rows, seed=seed, **shape))
            ways["scikit-learn"].append(nets.theirs(rows, seed=seed, **shape))
            if case.recipe:
                ways.setdefault("mlsci, own recipe", []).append(nets.recipe(case, rows, seed=seed))
        found[name] = ways
    return found


def net_table(found: dict[str, dict[str, list[Run]]]) -> str:
    """Means of the scores, medians of the times and of their ratios to scikit-learn's of the same seed."""
    lines = [_row("table", "perceptron of", "parameters", "held-out score", "CPU s", "over scikit-learn"), _rule(6)]
    for name, ways in found.items():
        kind = "accuracy %" if parts(CASES[name], seed=0).classes else "RMSE"
        base = [seconds for _, seconds, _ in ways["scikit-learn"]]
        for way, runs in ways.items():
            scores, times, counts = zip(*runs, strict=True)
            ratio = statistics.median(mine / other for mine, other in zip(times, base, strict=True))
            told = f"{statistics.mean(scores):.4g} {kind}"
            seconds = f"{statistics.median(times):.2f}"
            lines.append(_row(name, way, f"{counts[0]:,}", told, seconds, f"{ratio:.2f}"))
    return "\n".join(lines)


def convex_table(cases: Iterable[str]) -> str:
    """Every linear model on every table that it is for."""
    lines = [_row("table", "model", "largest difference", "ms mlsci", "ms scikit-learn", "ratio"), _rule(6)]
    for name in cases:
        rows = parts(CASES[name], seed=0)
        for title, pair in convex.PAIRS.items():
            if pair.classifies == bool(rows.classes):
                apart, mine, other = convex.compare(pair, rows)
                lines.append(_row(name, title, f"{apart:.0e}", f"{mine:.2f}", f"{other:.2f}", f"{mine / other:.2f}"))
    return "\n".join(lines)


def main() -> None:
    """Measure and write the two tables."""
    options = arguments()
    torch.set_num_threads(1)
    with threadpoolctl.threadpool_limits(1):
        kernels = {each.get("architecture") for each in threadpoolctl.threadpool_info()} - {None}
        tables = [net_table(measure_nets(options)), convex_table(options.cases.split(","))]
    commit = (git_state()[0] or {}).get("hash", "?")[:10]
    note = (
        f"{options.layers} layers of {options.hidden} units, batches of {options.batch}, {options.epochs} epochs, "
        f"{options.seeds} seeds. {hardware()}, one thread; torch {versions()['torch']}, scikit-learn "
        f"{sklearn.__version__} on OpenBLAS for {', '.join(sorted(kernels))}; git {commit}."
    )
    text = "\n\n".join([*tables, note])
    print(text)
    options.out.write_text(f"{text}\n")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return _row(*["---"] * columns)


if __name__ == "__main__":
    main()
