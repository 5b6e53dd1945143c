"""What is wrong with a single override of a command line: its grammar, its choice, its key."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.errors import HydraException

from mlsci.nearest import nearest

HYDRA_FLAGS = {"hydra", "hydra/launcher", "hydra/sweeper"}


def parse(overrides: Sequence[str]) -> tuple[list[Override], list[str]]:
    """The overrides that can be read, and a message for each that cannot."""
    parser = OverridesParser.create()
    readable, messages = [], []
    for text in overrides:
        try:
            readable.append(parser.parse_override(text))
        except HydraException:
            messages.append(f"{text}: cannot be read; write key=value, for example optimizer.lr=1e-3")
    return readable, messages


def choice_error(override: Override, choices: dict[str, dict[str, Path]]) -> tuple[str | None, str | None]:
    """What is wrong with a choice of a group, and the override that was probably meant."""
    options = choices[override.key_or_group]
    value = override.value()
    names = value.list if isinstance(value, ChoiceSweep) else value
    for name in names if isinstance(names, list) else [names]:
        if not isinstance(name, dict) and str(name) not in options:
            near = nearest(str(name), options)
            known = ", ".join(sorted(options))
            message = f"{override.key_or_group}={name}: no such choice{near or ';'} known: {known}"
            meant = near.rpartition("'")[0].rpartition("'")[2]
            return message, f"{override.key_or_group}={meant}" if meant else None
    return None, None


def descend(node: Any, key: str) -> tuple[Any, str, str]:
    """The deepest node that exists on the way to `key`, its own path, and the part that is missing ("" if none)."""
    done: list[str] = []
    for part in key.split("."):
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return node, ".".join(done), part
        done.append(part)
    return node, key, ""


def takes(node: Any) -> list[str] | None:
    """The arguments of a node's target; None where they can't be read."""
    from mlsci.signature import NoSuchTarget, read

    if not isinstance(node, dict) or "_target_" not in node:
        return None
    try:
        signature = read(str(node["_target_"]))
    except NoSuchTarget:
        return None
    return sorted(signature.parameters) if signature else None


def key_error(override: Override, config: dict[str, Any], groups_known: Sequence[str]) -> str | None:
    """What is wrong with the key of `key=value` or `~key`."""
    key = override.key_or_group
    if override.is_add() or override.is_force_add() or key.split(".")[0].split("/")[0] in HYDRA_FLAGS:
        return None
    node, path, missing = descend(config, key)
    if not missing:
        return None
    if not isinstance(node, dict):
        what = "none" if node is None else repr(node)
        return f"{key}: '{path}' is {what} here and has no key '{missing}'"
    known = sorted({str(name) for name in node} - {"_target_", "_partial_"} | ({*groups_known} if not path else set()))
    further = takes(node) or []
    if missing in further:
        return f"{key}: not in the config, but {node['_target_']} takes it; write +{override.input_line}"
    if path == "vars":
        return f"{key}: not there yet; write +{override.input_line}"
    near = nearest(missing, [*known, *further]) or ";"
    return f"{key}: no such key '{missing}'{f' in {path}' if path else ''}{near} known: {', '.join(known) or 'none'}"


def first_value(override: Override) -> str:
    """One value of a sweep, to check the rest of the config with."""
    text = override.input_line or ""
    if override.is_sweep_override():
        return f"{text.split('=', 1)[0]}={next(iter(override.sweep_string_iterator()))}"
    return text
