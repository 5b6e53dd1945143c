"""The run folder: made whole before the job starts, filled by the job, read by everything else."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from mlsci.errors import ConfigError, Interrupted, MlsciError

PACKAGES = ("mlsci", "torch", "lightning", "hydra-core", "omegaconf", "torchmetrics", "numpy", "scikit-learn")


class RunFolder:
    """The files of one run: config.yaml, overrides.yaml, provenance.json, git.diff, status.json, log.txt, ..."""

    def __init__(self, path: str | Path):
        self.path = Path(path)

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config."""
        return self._yaml("config.yaml")

    @property
    def provenance(self) -> dict[str, Any]:
        """Experiment, command, choices, versions, hardware, git."""
        return self._json("provenance.json")

    @property
    def status(self) -> dict[str, Any]:
        """State of the run, and its error."""
        return self._json("status.json")

    @property
    def metrics(self) -> dict[str, Any]:
        """The closing numbers; empty before the end."""
        return self._json("metrics.json") if (self.path / "metrics.json").is_file() else {}

    @property
    def last(self) -> Path:
        """The checkpoint to continue from."""
        return self.path / "checkpoints" / "last.ckpt"

    @property
    def best(self) -> Path:
        """The checkpoint to use."""
        return self.path / "checkpoints" / "best.ckpt"

    @property
    def figures(self) -> Path:
        """The folder of pictures."""
        return self.path / "figures"

    def set_status(self, state: str, **fields: Any) -> None:
        """Change the state and further fields."""
        try:
            before = self.status
        except MlsciError:
            before = {}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        times = {"started": now, "ended": None} if state == "running" else {"ended": now}
        self.write_json("status.json", {**before, "error": None, "traceback": None, **times, **fields, "state": state})

    def fail(self, error: BaseException, **fields: Any) -> None:
        """Keep the error and its traceback; a run stopped by a signal is interrupted, not failed."""
        state = "interrupted" if isinstance(error, Interrupted) else "failed"
        text = "".join(traceback.format_exception(error))
        self.set_status(state, error=f"{type(error).__name__}: {error}", traceback=text, **fields)

    def remove(self) -> None:
        """Delete the folder, and those above it that were made for it and are empty now."""
        made = Path(self.provenance.get("made", self.path.absolute()))
        shutil.rmtree(self.path, ignore_errors=True)
        for above in self.path.absolute().parents:
            if not above.is_relative_to(made):
                return
            try:
                above.rmdir()
            except OSError:
                return

    def write_json(self, name: str, value: Any) -> None:
        """Write a file atomically."""
        _write(self.path / name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def write_yaml(self, name: str, value: Any) -> None:
        """Write a file atomically."""
        _write(self.path / name, yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110))

    def _json(self, name: str) -> dict[str, Any]:
        try:
            return json.loads((self.path / name).read_text())
        except (OSError, json.JSONDecodeError) as error:
            raise MlsciError(f"{self.path}: no run folder, or a damaged one ({name}: {error})") from error

    @property
    def overrides(self) -> list[str]:
        """What the user typed."""
        return list(yaml.safe_load((self.path / "overrides.yaml").read_text()) or [])

    def _yaml(self, name: str) -> dict[str, Any]:
        from omegaconf import OmegaConf  # reads 1e-3 as a number, which plain YAML 1.1 does not

        try:
            loaded = OmegaConf.to_container(OmegaConf.load(self.path / name), resolve=False)
        except OSError as error:
            raise MlsciError(f"{self.path}: no run folder, or a damaged one ({name}: {error})") from error
        if not isinstance(loaded, dict):
            raise MlsciError(f"{self.path}: {name} is not a mapping")
        return {str(key): value for key, value in loaded.items()}


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


def folder_for(config: Mapping[str, Any], *, experiment: str, overrides: Sequence[str]) -> Path:
    """Where a run will be: `run.dir`, or runs/<experiment>/<run.name, or time and hash of the overrides>."""
    run = config["run"]
    if run["dir"]:
        return Path(run["dir"])
    return Path(config["paths"]["runs"]) / experiment / (run["name"] or fresh_name(overrides))


def fresh_name(overrides: Sequence[str]) -> str:
    """Time to the millisecond and a hash of the overrides."""
    now = datetime.now()
    digest = hashlib.sha256("\n".join(overrides).encode()).hexdigest()[:6]
    return f"{now:%Y-%m-%d_%H-%M-%S}-{now.microsecond // 1000:03d}_{digest}"


def create(
    path: Path,
    *,
    config: Mapping[str, Any],
    experiment: str,
    choices: Mapping[str, str],
    overrides: Sequence[str],
    sweep: Path | None = None,
) -> RunFolder:
    """Make a run folder under a temporary name and move it into place: it is there whole or not at all.

    Raises:
        ConfigError: there is a run already, or the place cannot be written.
    """
    if path.exists() and any(path.iterdir()):
        raise ConfigError(
            f"run.name: {path} exists already; choose another run.name, or continue it: mlsci resume {path}"
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    missing = [place for place in (path.absolute(), *path.absolute().parents) if not place.exists()]
    try:
        temporary.mkdir(parents=True)
        folder = RunFolder(temporary)
        folder.write_yaml("config.yaml", dict(config))
        folder.write_yaml("overrides.yaml", list(overrides))
        git, diff = git_state()
        if diff:
            (temporary / "git.diff").write_text(diff)
        folder.write_json("provenance.json", {
            "experiment": experiment,
            "run_id": hashlib.sha256(f"{path.absolute()}{time.time_ns()}".encode()).hexdigest()[:12],
            "command": " ".join(["mlsci train", *overrides]),
            "choices": dict(choices),
            "git": git,
            "versions": versions(),
            "hardware": hardware(),
            "seed": config["seed"],
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "sweep": str(sweep) if sweep else None,
            "made": str(missing[-1] if missing else path.absolute()),
        })  # fmt: skip
        folder.set_status("created")
        if path.exists():
            path.rmdir()
        os.replace(temporary, path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise ConfigError(f"run.dir: {path} cannot be written: {error.strerror or error}") from error
    return RunFolder(path)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a result."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def hardware() -> str:
    """Processor and number of cores."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return f"{os.cpu_count()} × {model}"
    return f"{os.cpu_count()} × {model}"


def git_state() -> tuple[dict[str, Any] | None, str]:
    """Hash and branch of the checkout that mlsci runs from, or of the working directory; and the diff to it."""
    for place in (Path(__file__).resolve().parent.parent, Path.cwd()):
        head = _git(place, "rev-parse", "HEAD", "--abbrev-ref", "HEAD")
        if head:
            commit, _, branch = head.partition("\n")
            diff = _git(place, "diff", "HEAD")
            return {"hash": commit, "branch": branch, "dirty": bool(diff)}, diff
    return None, ""


def _git(place: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(place), *arguments], capture_output=True, text=True, errors="replace", timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def python() -> str:
    """The interpreter that jobs run with."""
    return sys.executable
