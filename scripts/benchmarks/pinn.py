"""Physics-informed nets beside their peers: error against CPU seconds on one core, and what a first-order step costs.

    python scripts/benchmarks/pinn.py [--problem burgers] [--seconds 60] [--seeds 1] [--peers deepxde,pina] [--out DIR]

Everyone gets the same equation, the same number of collocation points inside the domain and the same CPU time, and
its own recommended settings: mlsci those of experiment=pinn/<problem> with one net for all times, a peer those of its
published example (see pinn_peers/run_<peer>.py); W&B, progress bars and validation are off everywhere. Errors are
those of the present state, on the same points of the same reference (Burgers: 256 × 100 points against Cole-Hopf);
the time of measuring them does not count, that of everything else since the start of training does.

The step is one of Adam in float64 on the same net, features and hard conditions everywhere, against a hand-written
loop in plain torch. Every measurement is a process of its own on one thread, in turns, with the same allocator.
"""

import argparse
import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import peer_venv
import pinn_report as report
import pinn_venv

from mlsci.record import git_state, hardware, versions
from mlsci.science.collocation.derivative import Taylor
from mlsci.science.pde.burgers import Burgers
from mlsci.science.pde.poisson import Poisson2d

HERE = Path(__file__).resolve().parent
PROBLEMS = {"burgers": Burgers, "burgers_nu001": lambda: Burgers(nu=0.01), "poisson2d": Poisson2d}
# glibc hands arrays of this size back to the system or keeps them, as its history has it: that alone is 10 % of a step
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}
POINTS = {"burgers": 2540, "burgers_nu001": 2540, "poisson2d": 400}  # as in DeepXDE's examples
OURS = {
    "mlsci nested": ["derivative=nested"],
    "mlsci taylor": ["derivative=taylor"],
    "mlsci taylor compiled": ["derivative=taylor", "derivative.compile=true"],
}


@dataclass(frozen=True)
class Bench:
    """The whole comparison.

    Args:
        options: of the command line.
        folder: for jobs and run folders.
        pythons: the interpreter of every peer.
    """

    options: argparse.Namespace
    folder: Path
    pythons: Mapping[str, str]

    def curve(self, name: str, seed: int) -> list:
        """Errors against CPU seconds."""
        return self._measure(name, "curve", seed)["curve"]

    def step(self, name: str, turn: int) -> float:
        """CPU microseconds of a step."""
        return self._measure(name, "step", turn)["step_us"]

    def _measure(self, name: str, kind: str, seed: int) -> dict:
        place = self.folder / f"{name.replace(' ', '_')}_{kind}_{seed}"
        place.mkdir(parents=True)
        job, out = place / "job.json", place / "out.json"
        task = {
            "kind": kind,
            "problem": self.options.problem,
            "points": self.options.points or POINTS[self.options.problem],
            "seconds": self.options.seconds,
            "seed": seed,
            "adam": self.options.adam,
            "steps": self.options.steps,
            "reference": str(self.folder / "reference.npz"),
            "out": str(out),
        }
        job.write_text(json.dumps(task))
        command = self._ours(name, task, job) if name.startswith("mlsci") else self._theirs(name, job)
        environment = {**os.environ, **ALLOCATOR, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE / "pinn_peers")}
        done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode or not out.exists():
            raise SystemExit(f"{name}, {kind}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return json.loads(out.read_text())

    def _theirs(self, name: str, job: Path) -> list[str]:
        return [self.pythons[name], str(HERE / "pinn_peers" / f"run_{name}.py"), str(job)]

    def _ours(self, name: str, task: dict, job: Path) -> list[str]:
        command = [
            sys.executable, "-m", "mlsci", "train", f"experiment=pinn/{task['problem']}", f"seed={task['seed']}",
            f"sampler.points={task['points']}", "threads=1", "trainer.limit_val_batches=0", "test=false",
            "reference=null", "logger=csv", "trust=[mlsci_watch]", f"run.dir={job.parent}/run",
            f"+callbacks.watch.job={job}",
        ]  # fmt: skip
        if task["kind"] == "curve":
            # one net for all times: with windows the later times are unknown until their turn comes
            watch = ["+callbacks.watch._target_=mlsci_watch.Watch", "trainer.max_epochs=100000"]
            return [*command, "window=off", *watch]
        count = task["steps"] + 100  # 60 to warm up, and some
        return [
            *command, *OURS[name], "+callbacks.watch._target_=mlsci_watch.Count", "optimizer=adam", "net=pinn",
            "trainer.max_epochs=1", "sampler=sobol", "sampler.every=0", f"data.steps={count}",
        ]  # fmt: skip


def reference(problem: str, path: Path) -> str:
    """Store the solution that everyone is scored on; says where it comes from."""
    pde = PROBLEMS[problem]()
    known = pde.reference()
    if known is None:
        raise SystemExit(f"{problem}: no reference")
    nu = float(getattr(pde, "nu", 0.0))
    np.savez(path, points=known.points.numpy(), values=known.values.numpy(), nu=nu)
    return f"{known.source}, itself good to {known.self_error:.0e}, {len(known.points)} points"


def measure_curves(bench: Bench) -> dict[str, list]:
    """Every package with every seed, in turns."""
    names = ["mlsci", *(name for name in bench.pythons if name != "torch")]
    if not bench.options.problem.startswith("burgers"):
        names = [name for name in names if name != "pinnstorch"]
    found: dict[str, list] = {name: [] for name in names}
    for seed in range(bench.options.seeds if bench.options.seconds else 0):
        for name in names:
            found[name].append(bench.curve(name, seed))
    return found


def measure_steps(bench: Bench) -> dict[str, list[float]]:
    """Every way, in turns; pinnstorch has other nets and is left out."""
    if not bench.options.repeats:
        return {}
    compiles = "compile" in inspect.signature(Taylor.__init__).parameters
    ours = [name for name in OURS if compiles or name != "mlsci taylor compiled"]
    names = ["torch", *ours, *(name for name in bench.pythons if name not in {"torch", "pinnstorch"})]
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(bench.options.repeats):
        for name in names:
            found[name].append(bench.step(name, turn))
    return found


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problem", choices=PROBLEMS, default="burgers")
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU seconds of training; 0: steps only")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--peers", default="deepxde,pina", help=f"some of {','.join(pinn_venv.PEERS)}")
    parser.add_argument("--points", type=int, default=None, help="inside the domain; default: DeepXDE's example")
    parser.add_argument("--adam", type=int, default=15_000, help="steps before L-BFGS; DeepXDE's example has 15000")
    parser.add_argument("--steps", type=int, default=200, help="that are timed")
    parser.add_argument("--repeats", type=int, default=5, help="turns of timed steps; 0: no table of steps")
    parser.add_argument("--out", type=Path, default=Path("pinn_benchmark"))
    parser.add_argument("--venvs", type=Path, default=None, help="keep the peers' environments here")
    options = parser.parse_args()
    unknown = set(options.peers.split(",")) - {*pinn_venv.PEERS, ""}
    if unknown:
        parser.error(f"--peers: no {', '.join(sorted(unknown))}; known: {', '.join(pinn_venv.PEERS)}")
    return options


def write(options: argparse.Namespace, *, curves: dict, steps: dict, notes: list[str]) -> None:
    """Print the tables; leave them with the figure and all numbers in --out."""
    titles = {"mlsci": "mlsci", "torch": "plain torch, nested", **{name: name for name in OURS}}
    titles |= {name: f"{peer.title} {peer.version}" for name, peer in pinn_venv.PEERS.items()}
    parts = [report.error_table(curves, titles=titles, seconds=options.seconds)] if options.seconds else []
    parts += [report.step_table(steps, titles=titles)] if steps else []
    text = "\n\n".join([*parts, *notes])
    print(text)
    stem = options.out / options.problem
    stem.with_suffix(".md").write_text(f"{text}\n")
    stem.with_suffix(".json").write_text(json.dumps({"curves": curves, "step_us": steps, "notes": notes}))
    if options.seconds:
        report.figure(curves, titles=titles).savefig(stem.with_suffix(".png"))


def main() -> None:
    """Make environments, measure, report."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        venvs = (options.venvs or Path(folder, "venvs")).resolve()
        names = [name for name in options.peers.split(",") if name]
        pythons, lost = peer_venv.environments(names, pinn_venv.PEERS, folder=venvs, shared=pinn_venv.SHARED)
        bench = Bench(options=options, folder=Path(folder, "jobs"), pythons={"torch": sys.executable, **pythons})
        bench.folder.mkdir()
        source = reference(options.problem, bench.folder / "reference.npz")
        curves = measure_curves(bench)
        steps = measure_steps(bench)
    points = options.points or POINTS[options.problem]
    commit = (git_state()[0] or {}).get("hash", "?")[:10]
    licences = ", ".join(
        f"{', '.join(pinn_venv.PEERS[n].pins)} ({pinn_venv.PEERS[n].licence})" for n in pythons if n != "torch"
    )
    notes = [
        f"{options.problem}: medians of {options.seeds} seeds, {points} points inside, one thread, CPU time. "
        f"Reference: {source}. Peers: {licences or 'none'}; Adam for {options.adam} steps, then L-BFGS.",
        f"{hardware()}; torch {versions()['torch']}; git {commit}.",
        *lost,
    ]
    write(options, curves=curves, steps=steps, notes=notes)


if __name__ == "__main__":
    main()
