"""What an experiment wrote for one part, where the command line chose another part in its place.

`experiment=images/digits net=mlp`: the experiment's `net.channels` is meant for its own net, and an MLP takes
no such argument, so it is left out; what both take (`dropout`) stays. So it is with the settings of callbacks that
are not among the chosen ones.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict

from mlsci import groups
from mlsci.overrides import takes


def drop(config: DictConfig, overrides: Sequence[Override], places: Sequence[Path]) -> None:
    """Delete such keys from a composed config; keys that were typed stay, so that the check can name them."""
    chosen = {o.key_or_group: o.value() for o in overrides if not o.is_sweep_override()}
    if not {key for key in chosen if "." not in key} - {"experiment"}:
        return
    body = written(chosen.get("experiment"), places)
    for group in chosen.keys() & body.keys():
        part = config.get(group)
        node = OmegaConf.to_container(part, resolve=False) if isinstance(part, DictConfig) else {}
        if not isinstance(node, dict) or not isinstance(body[group], dict):
            continue
        known = chosen_ones(node) if group == "callbacks" else takes(node)
        if known is None:
            continue
        typed = {key.split(".")[1] for key in chosen if key.startswith(f"{group}.")}
        with open_dict(part):
            for key in (body[group].keys() & node.keys()) - set(known) - typed:
                del part[key]


def chosen_ones(node: dict[Any, Any]) -> list[str]:
    """Callbacks that have a class: of others an experiment's values are all that is left."""
    return [name for name, value in node.items() if not isinstance(value, dict) or "_target_" in value]


def written(experiment: object, places: Sequence[Path]) -> dict[str, Any]:
    """The values in an experiment's file."""
    path = groups.files(places).get("experiment", {}).get(str(experiment))
    loaded = yaml.safe_load(path.read_text()) if path else None
    return loaded if isinstance(loaded, dict) else {}
