"""What equivariance is worth: test error against training frames, equivariant and invariant nets alike.

    python scripts/benchmarks/data_efficiency.py [--frames 50,150,450] [--steps 6000] [--seeds 1] [--out DIR]

Acetylacetone at 300 K. Every training is one `mlsci train experiment=atoms/acac` with another net, so many frames and
the same number of steps; validation takes the same 50 frames. Leaves a figure, a table and all numbers in --out, and
keeps each run there, so that an interrupted comparison goes on where it stopped.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, ScalarFormatter

from mlsci.plots.style import BLUE, ORANGE, legend_above, new_figure, tidy
from mlsci.record import git_state, hardware

NETS = {
    "equivariant": ("equivariant, many-body", BLUE, ["net=equivariant", "net.channels=32"]),
    "schnet": ("invariant (SchNet)", ORANGE, ["net=schnet"]),
}
BATCH = 5
Found = dict[str, dict[int, list[dict[str, Any]]]]  # by net and frames: the metrics of every seed


def trained(net: str, frames: int, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """The metrics of one training; those of an earlier one where it was finished."""
    folder = options.out / f"{net}_{frames}_{seed}"
    metrics = folder / "metrics.json"
    if not metrics.exists():
        print(f"{net}, {frames} frames, seed {seed} ...", file=sys.stderr, flush=True)
        epochs = max(round(options.steps * BATCH / frames), 1)
        command = [
            *[sys.executable, "-m", "mlsci", "train", "experiment=atoms/acac", *NETS[net][2]],
            *[f"data.train_size={frames}", "data.val_size=50", f"seed={seed}", f"data.split_seed={seed}"],
            *[f"trainer.max_epochs={epochs}", f"trainer.check_val_every_n_epoch={max(epochs // 20, 1)}"],
            *["logger=csv", "figures={}", f"run.dir={folder}"],
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr[-4000:]}")
    return json.loads(metrics.read_text())["metrics"]


def figure_of(found: Found) -> Figure:
    """Force RMSE against frames, both on logarithmic axes; a line is the median of seeds, a band their range."""
    figure = new_figure(3.6)
    axes = tidy(figure.subplots(), x="training frames", y="force RMSE, test part (meV/Å)")
    for net, by_frames in found.items():
        name, colour, _ = NETS[net]
        errors = np.array([[one["test/force_rmse"] for one in seeds] for seeds in by_frames.values()])  # (sizes, seeds)
        sizes = list(by_frames)
        axes.plot(sizes, np.median(errors, axis=1), marker="o", ms=4, color=colour, label=name)
        axes.fill_between(sizes, errors.min(axis=1), errors.max(axis=1), color=colour, alpha=0.2, linewidth=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(next(iter(found.values())))))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(ScalarFormatter())
        axis.set_minor_formatter(NullFormatter())
    legend_above(axes, [NETS[net][0] for net in found])
    return figure


def table_of(found: Found, options: argparse.Namespace) -> str:
    """Medians over seeds, as Markdown."""
    lines = ["| net | frames | energy RMSE, meV | force RMSE, meV/Å |", "| --- | --- | --- | --- |"]
    for net, by_frames in found.items():
        for frames, seeds in by_frames.items():
            energy, force = (np.median([one[f"test/{key}_rmse"] for one in seeds]) for key in ("energy", "force"))
            lines.append(f"| {NETS[net][0]} | {frames} | {energy:.1f} | {force:.1f} |")
    commit = (git_state()[0] or {}).get("hash", "?")[:10]
    note = f"{options.steps} steps each, {options.seeds} seed(s); {hardware()}, one thread; git {commit}."
    return "\n".join([*lines, "", note])


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", default="50,150,450", help="numbers of training frames, at most 450")
    parser.add_argument("--nets", default=",".join(NETS), help=f"some of {','.join(NETS)}")
    parser.add_argument("--steps", type=int, default=6000, help="optimizer steps of each training")
    parser.add_argument("--seeds", type=int, default=1, help="of frames, weights and order")
    parser.add_argument("--out", type=Path, default=Path("data_efficiency"))
    options = parser.parse_args()
    unknown = set(options.nets.split(",")) - set(NETS)
    if unknown:
        parser.error(f"--nets: no {', '.join(sorted(unknown))}; known: {', '.join(NETS)}")
    options.frames = sorted(int(frames) for frames in options.frames.split(","))
    if not 1 <= options.frames[0] <= options.frames[-1] <= 450:
        parser.error(f"--frames: expected 1 to 450, got {options.frames}")
    return options


def main() -> None:
    """Train, draw, report."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    found: Found = {
        net: {
            frames: [trained(net, frames, seed, options) for seed in range(options.seeds)] for frames in options.frames
        }
        for net in options.nets.split(",")
    }
    figure_of(found).savefig(options.out / "data_efficiency.png")
    text = table_of(found, options)
    (options.out / "data_efficiency.md").write_text(f"{text}\n")
    (options.out / "data_efficiency.json").write_text(json.dumps(plain(found), indent=1))
    print(text)


def plain(found: Found) -> Mapping[str, Any]:
    """With names for keys."""
    return {net: {str(frames): seeds for frames, seeds in by_frames.items()} for net, by_frames in found.items()}


if __name__ == "__main__":
    main()
