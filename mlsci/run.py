"""One job: `python -m mlsci.run RUN_DIR` seeds, builds, fits, tests and records; typed again, it continues.

Lightning's DDP, torchrun, srun and Ray start exactly this command too, so all ranks read one config.
"""

import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsci.errors import ConfigError, Interrupted, MlsciError
from mlsci.record import RunFolder


@dataclass
class Result:
    """What a finished run leaves: metrics, folder, and the model with its best weights."""

    metrics: dict[str, float]
    folder: Path
    model: Any
    comparison: list[dict[str, Any]]


def main(arguments: list[str] | None = None) -> int:
    """Run the job of a folder; the exit code is 0, 1 (failed), 2 (wrong config) or 128 + signal."""
    found = sys.argv[1:] if arguments is None else arguments
    if len(found) != 1:
        print("usage: python -m mlsci.run RUN_DIR", file=sys.stderr)
        return 2
    folder = RunFolder(found[0])
    try:
        run(folder)
    except BaseException as error:
        return _explain(error, folder)
    return 0


def run(folder: RunFolder, *, whole_process: bool = True) -> Result:
    """Run or continue the job of a folder.

    Args:
        folder: as `mlsci.record.create` made it.
        whole_process: whether this process does nothing else, so that all its CPU time is the run's.

    Raises:
        MlsciError: with a message for the user; the folder keeps error and traceback.
    """
    from mlsci.clock import Clock
    from mlsci.job import Job
    from mlsci.signals import end_at_once

    before = folder.status
    clock = Clock(spent=float(before.get("cpu_seconds") or 0.0), whole_process=whole_process)
    job, first = None, _first_rank()
    try:
        with end_at_once():
            if first:
                folder.set_status("running", pid=os.getpid())
            job = Job(folder, clock=clock)
            result = job.run()
    except BaseException as error:
        nothing_done = before["state"] == "created" and not (job is not None and job.began)
        if first and isinstance(error, ConfigError) and nothing_done and not folder.provenance["sweep"]:
            folder.remove()  # nothing was run: leave nothing behind
        elif first:
            folder.fail(error, cpu_seconds=clock.seconds()["cpu_seconds"])
        raise
    if first:
        spent = clock.seconds()["cpu_seconds"]
        folder.set_status("finished", epoch=job.epochs_done, step=job.steps_done, cpu_seconds=spent)
    return result


def _first_rank() -> bool:
    return int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))) == 0


def _explain(error: BaseException, folder: RunFolder) -> int:
    """Say on stderr what went wrong and what to do; give the exit code."""
    if os.environ.get("MLSCI_TRACEBACK") == "1":
        traceback.print_exception(error)
    if isinstance(error, Interrupted | KeyboardInterrupt):
        code = error.exit_code if isinstance(error, Interrupted) else 130
        resume = f"; continue with: mlsci resume {folder.path}" if folder.last.is_file() else ""
        print(f"mlsci: {error or 'stopped by Ctrl-C'}{resume}", file=sys.stderr)
        return code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    for line in messages(error):
        print(f"mlsci: error: {line}", file=sys.stderr)
    if folder.path.exists():
        kept = f"; last good checkpoint: {folder.last}" if folder.last.is_file() else ""
        print(f"mlsci: traceback in {folder.path / 'status.json'}{kept}", file=sys.stderr)
    return error.exit_code if isinstance(error, MlsciError) else 1


def messages(error: BaseException) -> list[str]:
    """One line a mistake; for an unexpected error the frame of the user's own code that raised it."""
    if isinstance(error, ConfigError):
        return error.messages
    if isinstance(error, MlsciError):
        return [str(error)]
    from mlsci.build import user_frame

    where = user_frame(error)
    text = str(error).strip().splitlines()
    head = text[-1] if text and text[0].startswith("Caught ") else (text[0] if text else "")
    return [f"{type(error).__name__}: {head}{f' ({where})' if where else ''}"]


if __name__ == "__main__":
    sys.exit(main())
