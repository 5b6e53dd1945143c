"""What an epoch of the 784-400-40 VAE costs: ours beside a plain torch loop and pythae's trainer.

    python scripts/benchmarks/vae_epoch.py [--repeats 3] [--epochs 3] [--ways plain,mlsci,pythae] [--folder DIR]

The same net (ReLU, one hidden layer of 400), batches of 128, Adam(fused), 54,000 made-up pictures of 784 pixels that
are binarised anew at every step. Every measurement is a process of its own on one thread, in turns; the table shows
medians of CPU seconds an epoch, the first one left out. pythae (Apache 2.0) goes into a throw-away environment below
`--folder`; where it can't be installed, its row is left out and the reason is told.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from peer_venv import Peer, environments

from mlsci.record import hardware, versions

HERE = Path(__file__).resolve().parent
PEERS = {"pythae": Peer(title="pythae", licence="Apache 2.0", pins=("pythae==0.1.2",))}
SHARED = ("torch", "numpy", "scipy", "scikit-learn")
OURS = [
    "data=digits", "data._target_=vae_epoch_data.Pictures", "model=vae", "data.batch_size=128",
    "net.hidden=400", "net.layers=1", "net.activation._target_=torch.nn.ReLU",
    "model.decoder.hidden=400", "model.decoder.layers=1", "model.decoder.activation._target_=torch.nn.ReLU",
    "model.latent=40", "model.likelihood._target_=mlsci.models.likelihoods.bernoulli.Bernoulli",
    "model.binarise={_target_: mlsci.nets.binarise.Binarise}", "model.inputs=null", "optimizer=adam",
    "trainer.limit_val_batches=0", "test=false", "threads=1", "callbacks=none", "logger=none",
    "trust=[vae_epoch_data,overhead_timer]", "+callbacks.timer._target_=overhead_timer.Timer",
]  # fmt: skip


def command(way: str, python: str, *, epochs: int, folder: str) -> list[str]:
    """The command line of one measurement; it leaves a times.json in `folder`."""
    if way == "mlsci":
        return [python, "-m", "mlsci", "train", *OURS, f"trainer.max_epochs={epochs}", f"run.dir={folder}/run"]
    return [python, str(HERE / f"vae_epoch_{way}.py"), str(epochs), folder]


def measure(way: str, python: str, *, epochs: int) -> float:
    """CPU seconds an epoch, from the second one on."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join((str(HERE), os.environ.get("PYTHONPATH", ""))),
            "MLSCI_TIMES": f"{folder}/times.json",
        }
        done = subprocess.run(
            command(way, python, epochs=epochs, folder=folder),
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{way}: {done.stdout}{done.stderr}")
        found = json.loads(Path(folder, "times.json").read_text())
    return found["step_us"] * found["steps"] / 1e6 / (epochs - 1)


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3, help="at least 2; the first is not counted")
    parser.add_argument("--ways", default="plain,mlsci,pythae")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "mlsci_peers")
    options = parser.parse_args()
    ways = options.ways.split(",")
    made, lost = environments([w for w in ways if w in PEERS], PEERS, folder=options.folder, shared=SHARED)
    for line in lost:
        print(line, file=sys.stderr)
    pythons = {way: made.get(way, sys.executable) for way in ways if way not in PEERS or way in made}
    found: dict[str, list[float]] = {way: [] for way in pythons}
    for _ in range(options.repeats):
        for way, python in pythons.items():
            found[way].append(measure(way, python, epochs=options.epochs))
    print("| loop | CPU s an epoch | over plain |\n|---|---|---|")
    for way, seconds in found.items():
        base = found.get("plain", seconds)
        ratio = statistics.median(ours / theirs for ours, theirs in zip(seconds, base, strict=True))
        print(f"| {way} | {statistics.median(seconds):.2f} | {ratio:.3f} |")
    print(f"\nMedians of {options.repeats} runs each, in turns. {hardware()}, one thread; torch {versions()['torch']}.")


if __name__ == "__main__":
    main()
