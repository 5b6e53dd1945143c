"""For which data and equation an experiment's published numbers stand, where the command line changes them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, ListConfig, open_dict

from mlsci import groups, leftover


def tell(config: DictConfig, overrides: Sequence[Override], places: Sequence[Path]) -> None:
    """Write the experiment's own choices and coefficients into its references as `given`, beside what they say.

    Numbers that were typed stay as they are.
    """
    typed = {o.key_or_group: o.value() for o in overrides if not o.is_sweep_override()}
    body = leftover.written(typed.get("experiment"), places)
    if not body.get("reference") or any(key.split(".")[0] == "reference" for key in typed):
        return
    given = {group: own for group in ("data", "pde") if (own := _choice(body, group)) and typed.get(group, own) != own}
    if "pde" not in given:
        given |= _coefficients(body, typed, places)
    if given:
        _write(config, given)


def _choice(body: Mapping[str, Any], group: str) -> str | None:
    """What an experiment chooses for a group."""
    entries = [entry for entry in body.get("defaults", []) if isinstance(entry, dict)]
    found = [name for entry in entries for key, name in entry.items() if key.split()[-1].lstrip("/") == group]
    return found[-1] if found else None


def _coefficients(body: Mapping[str, Any], typed: Mapping[str, Any], places: Sequence[Path]) -> dict[str, Any]:
    """Coefficients of the experiment's equation that were typed: its own values."""
    path = groups.files(places).get("pde", {}).get(str(_choice(body, "pde")))
    if path is None:
        return {}
    own = {**(yaml.safe_load(path.read_text()) or {}), **(body.get("pde") or {})}
    names = [key.removeprefix("pde.") for key in typed if key.startswith("pde.")]
    return {f"pde.{name}": own[name] for name in names if isinstance(own.get(name), int | float)}


def _write(config: DictConfig, given: dict[str, Any]) -> None:
    reference = config.get("reference")
    entries = reference if isinstance(reference, ListConfig) else [reference]
    for entry in entries:
        with open_dict(entry):
            entry["given"] = {**given, **(entry.get("given") or {})}
