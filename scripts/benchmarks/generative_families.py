"""Five families of generative models on the same fields, from the finished runs in runs/: one table a field.

    mlsci train -m experiment='glob(generative/gaussian_field_*)' logger=csv    # the runs, some hours of a core
    python scripts/benchmarks/generative_families.py [--runs runs] [--write docs/generative_truth.md]

The newest finished run of every experiment counts. CPU seconds are those until training ended, imports included.
`--write` puts the tables between the markers of a file; rows of experiments without a run here stay as they are.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from mlsci.errors import MlsciError
from mlsci.run_reader import Run, collect

FIELDS = {"gaussian_field": "Gaussian fields", "lognormal_field": "Log-normal fields"}
FAMILIES = {"vae": "VAE", "gan": "GAN", "flow": "flow", "flow_matching": "flow matching", "diffusion": "diffusion"}
COLUMNS = {  # metric: head, and what turns a value into a cell
    "test/power_max": ("P(k), largest error", "{:.1%}"),
    "test/power_mean": ("mean error", "{:.1%}"),
    "test/pdf_chi2": ("χ² of values", "{:.2f}"),
    "test/peaks_chi2": ("χ² of peaks", "{:.2f}"),
    "test/classifier_auc": ("classifier's AUC", "{:.3f}"),
    "test/nll": ("NLL (nats)", "{:.1f}"),
}
BEGIN, END = "<!-- families:begin -->", "<!-- families:end -->"


def newest(runs: list[Run]) -> dict[str, Run]:
    """The newest finished run of every experiment."""
    finished = sorted((run for run in runs if run.state == "finished"), key=lambda run: run.created)
    return {run.experiment: run for run in finished}


def table(field: str, runs: Mapping[str, Run], *, kept: Mapping[str, str]) -> str:
    """Markdown: a row a family that has a run or a row of before (by its title), in the order of `FAMILIES`."""
    heads = ["model", "parameters", "CPU s of training", *(head for head, _ in COLUMNS.values()), "machine"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for family, title in FAMILIES.items():
        run = runs.get(f"generative/{field}_{family}")
        if run is not None:
            lines.append(_line([title, *_cells(run), run.hardware]))
        elif title in kept:
            lines.append(kept[title])
    return "\n".join(lines)


def rows_of(text: str, field: str) -> dict[str, str]:
    """The rows below the title of a field on a page, by the name of their model."""
    _, _, below = text.partition(f"{FIELDS[field]}:\n\n")
    rows = [line for line in below.split("\n\n")[0].splitlines() if line.startswith("| ")]
    return {row.split("|")[1].strip(): row for row in rows}


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(run: Run) -> list[str]:
    seconds = "–" if run.fit_cpu_seconds is None else f"{run.fit_cpu_seconds:.0f}"
    values = [(run.metrics.get(name), text) for name, (_, text) in COLUMNS.items()]
    cells = ["–" if value is None else text.format(value) for value, text in values]
    return [f"{run.parameters:,}" if run.parameters else "–", seconds, *cells]


def written(text: str, tables: str, *, path: Path) -> str:
    """A page with the tables between its markers. Raises MlsciError where the markers are missing."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise MlsciError(f"{path}: expected the lines {BEGIN} and {END} once each")
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{tables}\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    runs = newest(collect(options.runs))
    before = "" if options.write is None else options.write.read_text()
    parts = [f"{title}:\n\n{table(field, runs, kept=rows_of(before, field))}\n" for field, title in FIELDS.items()]
    tables = "\n".join([*parts, "One seed, one thread."])
    if options.write is None:
        print(tables)
        return
    options.write.write_text(written(before, tables, path=options.write))


if __name__ == "__main__":
    main()
