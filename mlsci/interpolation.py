"""The interpolations `${spec:...}` and `${steps:}`: known once the data is known, left as they are before."""

from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf

from mlsci.errors import ConfigError
from mlsci.nearest import nearest

_known: dict[str, Any] = {"spec": None, "steps": None}


def register() -> None:
    """Make both resolvers known to OmegaConf."""
    OmegaConf.register_new_resolver("spec", _spec, replace=True)
    OmegaConf.register_new_resolver("steps", _steps, replace=True)


def know(*, spec: Mapping[str, Any] | None = None, steps: int | None = None) -> None:
    """Set what the interpolations stand for; None puts the interpolation back to itself."""
    _known.update(spec=spec, steps=steps)


def _spec(path: str) -> Any:
    if _known["spec"] is None:
        return f"${{spec:{path}}}"
    node: Any = _known["spec"]
    for part in path.split("."):
        node = _step_into(node, part, path)
    return node


def _step_into(node: Any, part: str, path: str) -> Any:
    if isinstance(node, Mapping) and part in node:
        return node[part]
    if isinstance(node, list | tuple) and part.lstrip("-").isdigit() and -len(node) <= int(part) < len(node):
        return node[int(part)]
    if isinstance(node, Mapping):
        raise ConfigError(f"${{spec:{path}}}: the data's spec has no '{part}'{nearest(part, list(node))}")
    raise ConfigError(f"${{spec:{path}}}: the data's spec has {node!r} here, and no entry '{part}' in it")


def _steps() -> Any:
    return "${steps:}" if _known["steps"] is None else _known["steps"]
