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


def run(folder: RunFolder) -> Result:
    """Run or continue the job of a folder.

    Raises:
        MlsciError: with a message for the user; the folder keeps error and traceback.
    """
    from mlsci.job import Job

    first = _first_rank()
    started = folder.status["state"]
    job = None
    try:
        if first:
            folder.set_status("running", pid=os.getpid())
        job = Job(folder)
        result = job.run()
        if first:
            folder.set_status("finished", epoch=job.epochs_done, step=job.steps_done)
        return result
    except Interrupted as error:
        if first:
            folder.fail(error, state="interrupted")
        raise
    except ConfigError as error:
        began = job is not None and job.began
        if first and started == "created" and not began and not folder.provenance["sweep"]:
            folder.remove()  # nothing was run: leave nothing behind
        elif first:
            folder.fail(error)
        raise
    except BaseException as error:
        if first:
            folder.fail(error)
        raise


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
