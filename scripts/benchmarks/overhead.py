"""What our loop costs over a plain torch loop and beside stock Lightning: the same net, data, optimizer and steps.

    python scripts/benchmarks/overhead.py [--repeats 5] [--write docs/performance.md]

Every measurement is a process of its own on one thread, in turns; the table shows medians of CPU time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from mlsci.record import git_state, hardware, versions

HERE = Path(__file__).resolve().parent
WAYS = ("plain", "mlsci", "lightning")
CASES = {
    "mlp": "MLP 10-64-64-1, batch 64, 200 steps an epoch, 20 epochs",
    "cnn": "digits CNN (images/digits without augmentation), batch 64, 21 steps an epoch, 40 epochs",
}
EPOCHS = {"mlp": 20, "cnn": 40}
OURS = {
    "mlp": ["data=diabetes", "data._target_=overhead_data.Synthetic", "+data.n=16000", "net=mlp"],
    "cnn": ["data=digits", "net=cnn"],
}


def command(way: str, case: str, folder: str) -> list[str]:
    """The command line of one measurement; it leaves a times.json in `folder`."""
    if way != "mlsci":
        return [sys.executable, str(HERE / f"overhead_{way}.py"), case, str(EPOCHS[case]), folder]
    return [
        sys.executable, "-m", "mlsci", "train", *OURS[case], f"trainer.max_epochs={EPOCHS[case]}", "threads=1",
        "trainer.limit_val_batches=0", "test=false", "trust=[overhead_data,overhead_timer]",
        "+callbacks.timer._target_=overhead_timer.Timer", f"run.dir={folder}/run",
    ]  # fmt: skip


def measure(way: str, case: str) -> dict[str, float]:
    """CPU seconds to the first step and in all, and CPU microseconds a step from the second epoch on."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE), "MLSCI_TIMES": f"{folder}/times.json",
        }  # fmt: skip
        done = subprocess.run(
            command(way, case, folder), env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{way}, {case}: {done.stdout}{done.stderr}")
        return json.loads(Path(folder, "times.json").read_text())


def table(found: dict[tuple[str, str], list[dict[str, float]]]) -> str:
    """Markdown: medians, and ratios to the plain loop."""
    lines = [
        "| work | loop | CPU µs a step | over plain | CPU s to first step | over plain | CPU s in all |",
        "|---|---|---|---|---|---|---|",
    ]
    for case, text in CASES.items():
        for way in WAYS:
            runs, base = found[way, case], found["plain", case]
            step, first, whole = (statistics.median(r[k] for r in runs) for k in ("step_us", "first_s", "whole_s"))
            pairs = list(zip(runs, base, strict=True))
            ratio_step, ratio_first = (statistics.median(r[k] / b[k] for r, b in pairs) for k in ("step_us", "first_s"))
            numbers = f"{step:.1f} | {ratio_step:.2f} | {first:.2f} | {ratio_first:.2f} | {whole:.1f}"
            lines.append(f"| {text} | {way} | {numbers} |")
    return "\n".join(lines)


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", type=Path, default=None, help="replace the table between the markers of this page")
    options = parser.parse_args()
    found: dict[tuple[str, str], list[dict[str, float]]] = {(w, c): [] for w in WAYS for c in CASES}
    for _ in range(options.repeats):
        for case in CASES:
            for way in WAYS:
                found[way, case].append(measure(way, case))
    git, _ = git_state()
    where = f"{hardware()}, one thread; torch {versions()['torch']}, lightning {versions()['lightning']}"
    commit = (git or {}).get("hash", "?")[:10]
    text = f"{table(found)}\n\nMedians of {options.repeats} runs each, in turns. {where}; git {commit}."
    print(text)
    if options.write:
        page = options.write.read_text()
        head, rest = page.split("<!-- overhead:begin -->")
        tail = rest.split("<!-- overhead:end -->")[1]
        options.write.write_text(f"{head}<!-- overhead:begin -->\n{text}\n<!-- overhead:end -->{tail}")


if __name__ == "__main__":
    main()
