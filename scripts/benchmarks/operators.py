"""The small Darcy data of neuraloperator: its own example beside `mlsci train experiment=fields/darcy_mini`.

    python scripts/benchmarks/operators.py [--seeds 3] [--epochs 15] [--out operators.md] [--venvs DIR] [override ...]

Both train on the 1000 pairs of the same files (ours holds 50 of them out) in turns, on one thread, for as many epochs,
with as many parameters: 190,561 and 191,881, each with its own published settings. The error is the mean relative L2
error of the 50 test pairs, computed here from the predictions of both. CPU time is that of the training from its
beginning to its end, validation off; loading packages, building and testing do not count. What follows the options
are overrides of our experiment. The peer lives in a throw-away environment that sees the torch of this one; `--venvs`
keeps it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import peer_venv
import torch
from peer_venv import Peer

import mlsci
from mlsci.data.darcy_mini import DarcyMini
from mlsci.record import git_state, hardware, versions

HERE = Path(__file__).resolve().parent
SHARED = ("torch", "numpy", "scipy")  # never installed again, nor in another version
PEERS = {"neuraloperator": Peer("neuraloperator", "MIT", ("neuraloperator==2.0.0",), module="neuralop")}
TITLES = {"mlsci": "mlsci", "neuraloperator": f"neuraloperator {PEERS['neuraloperator'].version}, its example"}
OURS = [
    "experiment=fields/darcy_mini", "logger=none", "figures={}", "reference=null", "test=false",
    "trainer.limit_val_batches=0", "trust=[stopwatch]", "+callbacks.watch._target_=stopwatch.Stopwatch",
]  # fmt: skip
Run = dict[str, float]  # cpu_s, parameters, error


def ours(folder: Path, *, seed: int, epochs: int, overrides: Sequence[str]) -> np.ndarray:
    """Train in a process of its own; the test predictions (N, 16, 16)."""
    place = [f"seed={seed}", f"trainer.max_epochs={epochs}", f"run.dir={folder}/run"]
    command = [sys.executable, "-m", "mlsci", "train", *OURS, *place, f"+callbacks.watch.out={folder}/out.json"]
    _call([*command, *overrides], folder=folder, path=os.pathsep.join((str(HERE), os.environ.get("PYTHONPATH", ""))))
    data = DarcyMini()
    data.setup()
    with torch.no_grad():
        return mlsci.load(folder / "run/checkpoints/best.ckpt").predict(data.split("test").tensors[0])[:, 0].numpy()


def theirs(python: str, folder: Path, *, seed: int, epochs: int) -> np.ndarray:
    """The same for the peer."""
    found = DarcyMini().pairs()
    named = {f"{kind}_{part}": each for part, pair in found.items() for kind, each in zip("xy", pair, strict=True)}
    np.savez(folder / "pairs.npz", **named)
    script = HERE / "operators_peers" / "run_neuraloperator.py"
    _call([python, str(script), str(folder), str(seed), str(epochs)], folder=folder, path="")
    return np.load(folder / "predictions.npy")


def error(predictions: np.ndarray, truth: np.ndarray) -> float:
    """Mean relative L2 error of fields (N, ...)."""
    ours, goal = (each.reshape(len(truth), -1).astype(np.float64) for each in (predictions, truth))
    return float(np.mean(np.linalg.norm(ours - goal, axis=1) / np.linalg.norm(goal, axis=1)))


def table(found: Mapping[str, Sequence[Run]]) -> str:
    """Medians over seeds; the ratio is that of the seconds in the same turn to neuraloperator's."""
    lines = [
        "| mini Darcy, 16 × 16 | parameters | relative L2 error | worst seed | CPU s | over neuraloperator |",
        "|---|---|---|---|---|---|",
    ]
    base = [run["cpu_s"] for run in found.get("neuraloperator", ())]
    for name, runs in found.items():
        errors, times = [run["error"] for run in runs], [run["cpu_s"] for run in runs]
        ratio = f"{statistics.median(a / b for a, b in zip(times, base, strict=True)):.2f}" if base else "–"
        lines.append(
            f"| {TITLES[name]} | {runs[0]['parameters']:,.0f} | {statistics.median(errors):.4f} | {max(errors):.4f} | "
            f"{statistics.median(times):.1f} | {ratio} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Make the environment, train all seeds in turns, report."""
    options, overrides = _arguments()
    DarcyMini().prepare_data()
    truth = DarcyMini().pairs()["test"][1]
    found: dict[str, list[Run]] = {"mlsci": []}
    with tempfile.TemporaryDirectory() as place:
        venvs = (options.venvs or Path(place, "venvs")).resolve()
        pythons, lost = peer_venv.environments(list(PEERS), PEERS, folder=venvs, shared=SHARED)
        for seed in range(options.seeds):
            for name in ("mlsci", *pythons):
                folder = Path(place, f"{name}_{seed}")
                folder.mkdir()
                if name == "mlsci":
                    said = ours(folder, seed=seed, epochs=options.epochs, overrides=overrides)
                else:
                    said = theirs(pythons[name], folder, seed=seed, epochs=options.epochs)
                run = json.loads((folder / "out.json").read_text()) | {"error": error(said, truth)}
                found.setdefault(name, []).append(run)
                print(f"{name} seed {seed}: {run}", file=sys.stderr, flush=True)
    commit = (git_state()[0] or {}).get("hash", "?")[:10]
    changed = f" (ours: {', '.join(overrides)})" if overrides else ""
    note = (
        f"Medians of {options.seeds} seeds, {options.epochs} epochs{changed}, one thread. {hardware()}; "
        f"torch {versions()['torch']}; git {commit}."
    )
    text = "\n\n".join([table(found), note, *lost])
    print(text)
    options.out.write_text(f"{text}\n")


def _call(command: Sequence[str], *, folder: Path, path: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="of weights and order")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--out", type=Path, default=Path("operators.md"))
    parser.add_argument("--venvs", type=Path, default=None, help="keep the peer's environment here")
    options, overrides = parser.parse_known_args()
    if unknown := [text for text in overrides if "=" not in text]:
        parser.error(f"no option or override: {unknown[0]}")
    return options, overrides


if __name__ == "__main__":
    main()
