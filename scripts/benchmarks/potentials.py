"""Interatomic potentials beside their peers: training step, energy and forces, and errors after equal CPU time.

    python scripts/benchmarks/potentials.py [--measure step,frame,calculator,train,solids] [--seconds 600] [--out DIR]

Acetylacetone at 300 K, 5 Å, batches of five frames, some 66,000 parameters and float32 nets everywhere. Everyone gets
the same frames, split, energies of atoms and statistics, and its own published recipe (potentials_peers/run_*.py)
with a learning rate that goes down to zero over the given time. CPU time is that of the process and its children, on
one thread; compiling counts in trainings, where it is in the first step, and testing does not. Every measurement is
a process of its own, in turns, with the same allocator. `solids` trains on Si, Ge and Li of mlearn.

The peers live in throw-away environments and see the torch of this one; `--venvs` keeps them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import peer_venv
import potentials_data
import potentials_report as report
import potentials_venv

from mlsci.record import git_state, hardware, versions

HERE = Path(__file__).resolve().parent
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}
WAYS = ("mlsci eager", "mlsci compiled", "mace eager", "mace torchscript", "mace compiled", "nequip eager")
WAYS = (*WAYS, "nequip compiled")
LACKS = {  # ways that a package does not have
    "step": {"mace torchscript"},
    "train": {"mace torchscript", "mace compiled"},  # its training script does not compile
    "calculator": {"mace torchscript"},
}
SOLIDS = ("Si", "Ge", "Li")
KINDS = ("step", "frame", "calculator", "train", "solids")


@dataclass(frozen=True)
class Bench:
    """The whole comparison.

    Args:
        options: of the command line.
        folder: for jobs, frames and run folders.
        pythons: the interpreter of every package.
        sets: splits that were drawn, by name and seed.
    """

    options: argparse.Namespace
    folder: Path
    pythons: Mapping[str, str]
    sets: dict[tuple[str, int], potentials_data.Split] = field(default_factory=dict)

    def ways(self, kind: str) -> list[str]:
        """What is compared."""
        wanted = [way for way in self.options.ways.split(",") if way not in LACKS.get(kind, set())]
        return [way for way in wanted if way.split()[0] in self.pythons]

    def turns(self, kind: str) -> dict[str, list[dict]]:
        """Times of a call, every way in turns."""
        found: dict[str, list[dict]] = {way: [] for way in self.ways(kind)}
        for turn in range(self.options.repeats):
            for way in found:
                found[way].append(self.measure(way, kind, data="acac", number=turn))
        return found

    def trainings(self, data: str, *, ways: Sequence[str]) -> dict[str, list[dict]]:
        """Errors, every seed of every way in turns."""
        found: dict[str, list[dict]] = {way: [] for way in ways}
        for seed in range(self.options.seeds):
            for way in found:
                found[way].append(self.measure(way, "train", data=data, number=seed))
        return found

    def measure(self, way: str, kind: str, *, data: str, number: int) -> dict[str, Any]:
        """One process."""
        place = self.folder / f"{data}_{kind}_{way.replace(' ', '_')}_{number}"
        place.mkdir(parents=True)
        job, out = place / "job.json", place / "out.json"
        package, mode = way.split()
        seed = number if kind == "train" else 0
        split = self.split(data, seed=seed)
        task = {
            **split.mapping(),
            "kind": kind,
            "mode": mode,
            "overrides": [*potentials_data.overrides(data, seed=seed), *self.options.override],
            "batch": 5,
            "seconds": self.options.seconds,
            "seed": number,
            "warmup": self.options.warmup,
            "calls": self.options.calls,
            "out": str(out),
        }
        job.write_text(json.dumps(task))
        command = [self.pythons[package], str(HERE / "potentials_peers" / f"run_{package}.py"), str(job)]
        cache = place if kind == "train" else self.folder
        environment = {
            **os.environ,
            **ALLOCATOR,
            "OMP_NUM_THREADS": "1",
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
            "TORCHINDUCTOR_CACHE_DIR": str(cache / f"compiled_{package}"),
            "PYTHONPATH": os.pathsep.join([str(HERE / "potentials_peers"), *_ours(package)]),
        }
        print(f"{data} {kind} {way} {number} ...", file=sys.stderr, flush=True)
        done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode or not out.exists():
            raise SystemExit(f"{way}, {kind}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        found = json.loads(out.read_text())
        print(f"    {found}", file=sys.stderr, flush=True)
        return found

    def split(self, data: str, *, seed: int) -> potentials_data.Split:
        """Frames of a set, its split drawn with this seed, written for everyone."""
        if (data, seed) not in self.sets:
            place = self.folder / f"frames_{data}_{seed}"
            self.sets[data, seed] = potentials_data.split(data, seed=seed, folder=place)
        return self.sets[data, seed]


def _ours(package: str) -> list[str]:
    """Where mlsci is, for its own interpreter alone."""
    return [str(HERE.parents[1])] if package == "mlsci" else []


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", default="step,frame,calculator", help=f"some of {','.join(KINDS)}")
    parser.add_argument("--ways", default=",".join(WAYS), help=f"some of {','.join(WAYS)}")
    parser.add_argument("--seconds", type=float, default=600.0, help="CPU seconds of a training")
    parser.add_argument("--seeds", type=int, default=1, help="of trainings: split, weights, order")
    parser.add_argument("--repeats", type=int, default=3, help="turns of timed calls")
    parser.add_argument("--warmup", type=int, default=16, help="calls before the timed ones")
    parser.add_argument("--calls", type=int, default=40, help="that are timed in a turn; their median counts")
    parser.add_argument("--solids", default=",".join(SOLIDS), help="elements of mlearn")
    parser.add_argument("--override", action="append", default=[], help="another setting of ours, key=value")
    parser.add_argument("--out", type=Path, default=Path("potentials_benchmark"))
    parser.add_argument("--venvs", type=Path, default=None, help="keep the peers' environments here")
    options = parser.parse_args()
    for key, known in (("ways", WAYS), ("measure", KINDS), ("solids", potentials_data.ELEMENTS)):
        unknown = set(getattr(options, key).split(",")) - set(known)
        if unknown:
            parser.error(f"--{key}: no {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return options


def measured(bench: Bench, kinds: Sequence[str]) -> dict[str, dict[str, list[dict]]]:
    """All answers: by kind, or by solid."""
    found = {kind: bench.turns(kind) for kind in report.TIMES if kind in kinds}
    if "train" in kinds:
        found["train"] = bench.trainings("acac", ways=bench.ways("train"))
    if "solids" in kinds:
        ways = [way for way in bench.ways("train") if not way.startswith("nequip")]
        found |= {element: bench.trainings(element, ways=ways) for element in bench.options.solids.split(",")}
    return found


def write(options: argparse.Namespace, *, found: dict[str, dict[str, list[dict]]], notes: list[str]) -> None:
    """Print the tables; leave them and all numbers in --out."""
    titles = {way: way for way in WAYS}
    for way in WAYS:
        package, mode = way.split()
        if package in potentials_venv.PEERS:
            peer = potentials_venv.PEERS[package]
            titles[way] = f"{peer.title} {peer.version} {mode}"
    parts = []
    for kind, answers in found.items():
        if kind in report.TIMES:
            parts.append(report.time_table(kind, answers, titles=titles))
        else:
            head = f"{'AcAc 300 K' if kind == 'train' else kind}, {options.seconds:g} CPU s of training"
            parts.append(report.error_table(head, answers, titles=titles))
    text = "\n\n".join([*parts, *notes])
    print(text)
    (options.out / "potentials.md").write_text(f"{text}\n")
    (options.out / "potentials.json").write_text(json.dumps({"answers": found, "notes": notes}, indent=1))


def main() -> None:
    """Make environments, measure, report."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        venvs = (options.venvs or Path(folder, "venvs")).resolve()
        names = sorted({way.split()[0] for way in options.ways.split(",")} & set(potentials_venv.PEERS))
        peers, shared = potentials_venv.PEERS, potentials_venv.SHARED
        pythons, lost = peer_venv.environments(names, peers, folder=venvs, shared=shared)
        bench = Bench(options=options, folder=Path(folder), pythons={"mlsci": sys.executable, **pythons})
        found = measured(bench, options.measure.split(","))
    commit = (git_state()[0] or {}).get("hash", "?")[:10]
    licences = ", ".join(f"{', '.join(peers[n].pins)} ({peers[n].licence})" for n in pythons)
    notes = [
        f"Medians of {options.repeats} turns of {options.calls} calls, and of {options.seeds} seeds; one thread, CPU "
        f"time with that of compilers, float32 nets. Peers: {licences or 'none'}.",
        f"{hardware()}; torch {versions()['torch']}; git {commit}.",
        *lost,
    ]
    write(options, found=found, notes=notes)


if __name__ == "__main__":
    main()
