"""Reading run folders: what a killed run left behind is read as far as it goes, and nothing here raises."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where it was compiled in
UNSEARCHED = ("checkpoints", "figures")  # nor hidden folders: a run is made in one and then moved into place


@dataclass(frozen=True)
class Run:
    """What the files of one run folder say; an empty value or None where one is missing, torn or odd.

    Each entry of `comparison` has a `metric` and a float `ours`, NaN where there is none. Dates are ISO 8601.
    """

    folder: Path
    experiment: str
    command: str
    overrides: tuple[str, ...]
    choices: Mapping[str, Any]
    seed: str
    created: str
    git: str  # eight digits of the hash, then a + where files were changed
    hardware: str
    sweep: str
    state: str  # created, running, finished, failed, interrupted; unknown without a status file
    epoch: int | None
    step: int | None
    error: str
    traceback: str
    metrics: Mapping[str, float]
    comparison: tuple[Mapping[str, Any], ...]
    baselines: Mapping[str, Any]
    parameters: int | None
    cpu_seconds: float | None
    fit_cpu_seconds: float | None
    wall_seconds: float | None


def collect(root: str | Path) -> list[Run]:
    """Every run below `root`, oldest first; a run is a folder with a `provenance.json`, whole or not."""
    runs = [read_run(folder, root=Path(root)) for folder in run_folders(Path(root))]
    return sorted(runs, key=lambda run: (run.created, str(run.folder)))


def run_folders(root: Path) -> Iterator[Path]:
    """The run folders below `root`."""
    for folder, children, files in os.walk(root):
        children[:] = [name for name in children if name[0] != "." and name not in UNSEARCHED]
        if "provenance.json" in files:
            yield Path(folder)


def read_run(folder: Path, *, root: Path) -> Run:
    """One run folder; without a provenance that can be read, its parent's path stands for the experiment."""
    provenance, metrics = _load(folder / "provenance.json", dict), _load(folder / "metrics.json", dict)
    status, git = _load(folder / "status.json", dict), _kind(provenance.get("git"), dict)
    entries = (_kind(entry, dict) for entry in _kind(metrics.get("comparison"), list))
    comparison = tuple(entry | {"ours": _float(entry.get("ours"), math.nan)} for entry in entries if "metric" in entry)
    numbers = _kind(metrics.get("metrics"), dict)
    return Run(
        folder=folder,
        experiment=_text(provenance.get("experiment")) or os.path.relpath(folder.parent, root),
        command=_text(provenance.get("command")),
        overrides=tuple(map(str, _load(folder / "overrides.yaml", list))),
        choices=_kind(provenance.get("choices"), dict),
        seed=_text(provenance.get("seed")),
        created=_text(provenance.get("created")),
        git=_text(git.get("hash"))[:8] + ("+" if git.get("dirty") else ""),
        hardware=_text(provenance.get("hardware")),
        sweep=_text(provenance.get("sweep")),
        state=_text(status.get("state")) or "unknown",
        epoch=_whole(status.get("epoch")),
        step=_whole(status.get("step")),
        error=_text(status.get("error")),
        traceback=_text(status.get("traceback")),
        metrics={name: float(value) for name, value in numbers.items() if is_number(value)},
        comparison=comparison,
        baselines=_kind(metrics.get("baselines"), dict),
        parameters=_whole(metrics.get("parameters")),
        cpu_seconds=_float(metrics.get("cpu_seconds")),
        fit_cpu_seconds=_float(metrics.get("fit_cpu_seconds")),
        wall_seconds=_float(metrics.get("wall_seconds")),
    )


def is_number(value: object) -> bool:
    """Whether JSON held a finite number here; true and false are none, nor is an integer beyond any float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300


def _load(path: Path, kind: type) -> Any:
    """What a JSON or YAML file holds, or an empty `kind` where it is missing, torn or something else."""
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=YAML_LOADER)
        return _kind(value, kind)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return kind()


def _kind(value: Any, kind: type) -> Any:
    return value if isinstance(value, kind) else kind()


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _whole(value: Any) -> int | None:
    return int(value) if is_number(value) else None


def _float(value: Any, otherwise: float | None = None) -> float | None:
    return float(value) if is_number(value) else otherwise
