"""The self-describing checkpoint: a Lightning file plus one key, `mlsci`, that rebuilds the model by itself.

It loads with `torch.load(weights_only=True)`. Its config is code waiting to run, so every `_target_` in it
has to stand under an allowed prefix; `trust` names further packages.
"""

import errno
import json
import os
import pickle
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mlsci.data.spec import DataSpec
from mlsci.errors import CheckpointError, ConfigError

FORMAT = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}  # format n -> n + 1


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of itself."""

    config: dict[str, Any]
    spec: DataSpec
    versions: dict[str, str]
    git: dict[str, Any] | None
    seed: int
    run_id: str
    choices: dict[str, str]


def block(description: Description) -> dict[str, Any]:
    """The value of the key `mlsci`: JSON strings and plain values only."""
    return {
        "format": FORMAT,
        "config": json.dumps(description.config),
        "spec": json.dumps(description.spec.mapping()),
        "versions": {name: str(version) for name, version in description.versions.items()},
        "git": json.dumps(description.git),
        "seed": description.seed,
        "run_id": description.run_id,
        "choices": json.dumps(description.choices),
    }


def describe(payload: dict[str, Any]) -> Description:
    """The description in a checkpoint that `read` returned."""
    found = payload["mlsci"]
    try:
        config = json.loads(found["config"])
        if not isinstance(config, dict) or not isinstance(config.get("model"), dict):
            raise TypeError("its config has no model")
        return Description(
            config=config,
            spec=DataSpec.from_mapping(json.loads(found["spec"])),
            versions=found["versions"],
            git=json.loads(found["git"]),
            seed=found["seed"],
            run_id=found["run_id"],
            choices=json.loads(found["choices"]),
        )
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"the key 'mlsci' of the checkpoint is damaged: {error!r}") from error


def write(payload: dict[str, Any], path: Path) -> None:
    """Write atomically: a temporary file beside the target, fsync, replace. A kill leaves the old file or the new.

    Raises:
        CheckpointError: the disk is full or the folder cannot be written; what stood there stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        with temporary.open("wb") as stream:
            torch.save(payload, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        kept = "; the last good checkpoint is untouched" if path.exists() else ""
        raise CheckpointError(f"{path}: cannot be written: {_reason(error)}{kept}") from error


def _reason(error: BaseException) -> str:
    """A full disk reaches us as OSError, or as torch's RuntimeError about a failed write on top of one."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, OSError) and chain.errno == errno.ENOSPC:
            return "the disk is full"
        chain = chain.__context__
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _remove_stale(path: Path) -> None:
    """Temporary files that a killed process left behind."""
    for stale in path.parent.glob(f".{path.name}.*.tmp"):
        owner = stale.name.split(".")[-2]
        if not (owner.isdigit() and Path(f"/proc/{owner}").exists()):
            stale.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: str | Path) -> dict[str, Any]:
    """Load a checkpoint of ours, weights only, and bring it to the current format.

    Raises:
        CheckpointError: no such file, damaged, holding more than plain data, or not written by mlsci.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch has to say of a file that is none
            payload = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: refused: damaged, or it holds more than tensors and plain values, and loading it could run code"
        ) from error
    except Exception as error:  # damage can show in any way
        raise CheckpointError(f"{path}: damaged, or no checkpoint: {_reason(error)[:200]}") from error
    if not isinstance(payload, dict) or not isinstance(payload.get("mlsci"), dict):
        raise CheckpointError(f"{path}: not a checkpoint of mlsci (it has no key 'mlsci')")
    if not isinstance(payload.get("state_dict"), dict):
        raise CheckpointError(f"{path}: damaged: it has no weights (the key 'state_dict')")
    return migrate(payload, path=path)


def migrate(payload: dict[str, Any], *, path: Path) -> dict[str, Any]:
    """Apply the migrations from the file's format to the current one."""
    found = payload["mlsci"].get("format")
    if not isinstance(found, int) or found > FORMAT or found < 1:
        raise CheckpointError(f"{path}: checkpoint format {found!r}; this mlsci reads 1 to {FORMAT}: upgrade mlsci")
    while found < FORMAT:
        payload = MIGRATIONS[found](payload)
        found += 1
    return payload


def model(payload: dict[str, Any], *, trust: Sequence[str] = ()) -> Any:
    """The model of a checkpoint, with its weights, in evaluation mode.

    Raises:
        CheckpointError: a `_target_` outside the allowed packages, or weights that do not fit.
    """
    from mlsci.build import instantiate
    from mlsci.models.base import Model

    config = describe(payload).config
    try:
        built = instantiate(config["model"], trust=trust, path="model")
    except ConfigError as error:
        flag = " (on the command line: --trust PACKAGE)" if "trust=[" in str(error) else ""
        raise CheckpointError(f"the config in the checkpoint: {error}{flag}") from error
    if not isinstance(built, Model):
        raise CheckpointError(f"model._target_: {type(built).__name__} is no mlsci.models.base.Model")
    try:
        built.load_state_dict(payload["state_dict"])
    except RuntimeError as error:
        raise CheckpointError(f"the weights do not fit the model of the checkpoint: {error}") from error
    return built.eval()
