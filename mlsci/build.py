"""Build the objects of a config: `_target_` under an allow-list, and errors that a person can read."""

import functools
import importlib
import os
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlsci.allow import inside, refusal
from mlsci.errors import ConfigError, MlsciError
from mlsci.nearest import nearest

SPECIAL = {"_target_", "_partial_", "_args_", "_recursive_", "_convert_"}


def instantiate(node: Any, *, trust: Sequence[str] = (), path: str = "", **extra: Any) -> Any:
    """The object that a plain config stands for: dicts with `_target_` are called, inner ones first.

    `_partial_: true` gives a function that waits for further arguments; `_args_` are positional ones.
    `extra` are further arguments of the outermost target.

    Raises:
        ConfigError: a target that is not allowed, not there, or refuses its arguments; names the key, the
            target and the line of the target's package that complained.
    """
    if isinstance(node, dict):
        if "_target_" not in node:
            return {key: instantiate(value, trust=trust, path=_join(path, key)) for key, value in node.items()}
        return _call(node, trust=trust, path=path, extra=extra)
    if isinstance(node, list | tuple):
        return [instantiate(value, trust=trust, path=f"{path}[{i}]") for i, value in enumerate(node)]
    return node


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _call(node: dict[str, Any], *, trust: Sequence[str], path: str, extra: dict[str, Any]) -> Any:
    target = locate(str(node["_target_"]), trust=trust, path=path)
    arguments = {
        key: instantiate(value, trust=trust, path=_join(path, key)) for key, value in node.items() if key not in SPECIAL
    }
    positional = instantiate(list(node.get("_args_", [])), trust=trust, path=_join(path, "_args_"))
    make = functools.partial(target, *positional, **arguments, **extra)
    if node.get("_partial_"):
        return make
    try:
        return make()
    except ConfigError:
        raise
    except Exception as error:
        if os.environ.get("MLSCI_TRACEBACK") == "1":
            raise
        raise ConfigError(_complaint(error, target=str(node["_target_"]), path=path)) from error


def locate(target: str, *, trust: Sequence[str] = (), path: str = "") -> Any:
    """Import what a `_target_` names, after asking the allow-list before and after the import."""
    key = _join(path, "_target_")
    if reason := refusal(target, trust):
        raise ConfigError(f"{key}: {reason}")
    found = _import(target, key)
    home = f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"
    if not callable(found):
        raise ConfigError(f"{key}: '{target}' is a {type(found).__name__}, expected a class")
    if not inside(home, trust):
        raise ConfigError(f"{key}: '{target}' is really {home}, which is not in an allowed package")
    if not isinstance(found, type) and not _own_function(home, trust):
        raise ConfigError(f"{key}: '{target}' is a function, expected a class")
    return found


def _own_function(home: str, trust: Sequence[str]) -> bool:
    return home.startswith("mlsci.") or any(home == name or home.startswith(f"{name}.") for name in trust)


def _import(target: str, key: str) -> Any:
    """Import the longest module, then follow attributes of classes only."""
    parts = target.split(".")
    for end in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:end])
        try:
            found: Any = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(f"{error.name}.")):
                continue
            raise ConfigError(f"{key}: importing {name} needs '{error.name}', which is not installed") from error
        except Exception as error:
            raise ConfigError(_complaint(error, target=name, path=key)) from error
        for part in parts[end:]:
            if not hasattr(found, part):
                names = [n for n in vars(found) if not n.startswith("_")]
                raise ConfigError(f"{key}: no '{part}' in {name}{nearest(part, names)}")
            found = getattr(found, part)
        return found
    raise ConfigError(f"{key}: no package '{parts[0]}' is installed")


def _complaint(error: Exception, *, target: str, path: str) -> str:
    """One line: the key, the target, the message; a second one with the frame that complained."""
    message = str(error).strip() or type(error).__name__
    kind = "" if isinstance(error, MlsciError | ValueError) else f"{type(error).__name__}: "
    where = user_frame(error)
    name = target.rsplit(".", 1)[-1]
    subject = "" if message.startswith(name) else f"{name}: "
    return f"{path}: {subject}{kind}{message}{f' ({where})' if where else ''}"


def user_frame(error: BaseException) -> str:
    """The innermost line of code that belongs neither to mlsci nor to an installed package; "" if none does."""
    own = str(Path(__file__).resolve().parent)
    library = sysconfig.get_paths()["stdlib"]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "site-packages" not in frame.filename and not frame.filename.startswith(("<", own, library)):
            return f"{frame.filename}:{frame.lineno}, in {frame.name}"
    return ""
