"""Compose a config and find every mistake in it, without importing torch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlsci import groups, interpolation
from mlsci.check import check, check_schema
from mlsci.errors import ConfigError
from mlsci.nearest import nearest
from mlsci.schema import Schema

HYDRA_FLAGS = {"hydra", "hydra/launcher", "hydra/sweeper"}


@dataclass(frozen=True)
class Composed:
    """A checked config, the group choices behind it, and the overrides that led to it.

    `sweeps` are the sweep parameters of an experiment that is a sweep by itself (hydra.mode: MULTIRUN).
    """

    config: DictConfig
    choices: dict[str, str]
    overrides: list[str]
    sweeps: dict[str, str] = field(default_factory=dict)
    choices_hydra: dict[str, str] = field(default_factory=dict)

    @property
    def experiment(self) -> str:
        """The name of the experiment, or of data and model where none was chosen."""
        chosen = self.choices.get("experiment")
        if chosen and chosen not in {"null", "None"}:
            return chosen
        return f"{self.choices.get('data', 'data')}/{self.choices.get('model', 'model')}"


def plain(config: DictConfig) -> dict[str, Any]:
    """The config as plain containers, resolved; `${spec:...}` and `${steps:}` stay as they are."""
    container = OmegaConf.to_container(config, resolve=True)
    if not isinstance(container, dict):
        raise ConfigError("the config is not a mapping")
    return {str(key): value for key, value in container.items()}


@contextmanager
def _hydra() -> Iterator[None]:
    """A Hydra that looks into our config folder; leaves no global state behind."""
    interpolation.register()
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(version_base="1.3", config_dir=str(groups.own()), job_name="mlsci"):
            yield
    finally:
        GlobalHydra.instance().clear()


def search_path(places: Sequence[Path]) -> list[str]:
    """The override that makes Hydra look into the further config folders, if there are any."""
    further = ",".join(f"file://{place}" for place in places[1:])
    return [f"hydra.searchpath=[{further}]"] if further else []


def _compose(overrides: Sequence[str], places: Sequence[Path]) -> tuple[DictConfig, DictConfig]:
    """The config, and Hydra's own."""
    own_path = not any(text.startswith("hydra.searchpath") for text in overrides)
    config = compose(
        groups.ROOT, overrides=[*(search_path(places) if own_path else []), *overrides], return_hydra_config=True
    )
    own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    OmegaConf.set_struct(own, True)
    return own, config.hydra


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


def _choice_error(override: Override, choices: dict[str, dict[str, Path]]) -> tuple[str | None, str | None]:
    """What is wrong with a choice of a group, and the override that was probably meant."""
    options = choices[override.key_or_group]
    value = override.value()
    names = value.list if isinstance(value, ChoiceSweep) else value
    for name in names if isinstance(names, list) else [names]:
        if name is not None and not isinstance(name, dict) and str(name) not in options:
            near = nearest(str(name), options)
            known = ", ".join(sorted(options))
            message = f"{override.key_or_group}={name}: no such choice{near or ';'} known: {known}"
            meant = near.rpartition("'")[0].rpartition("'")[2]
            return message, f"{override.key_or_group}={meant}" if meant else None
    return None, None


def _descend(node: Any, key: str) -> tuple[Any, str, str]:
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


def _takes(node: Any) -> list[str]:
    """Further arguments that the target of a node takes beside those in its config."""
    from mlsci.signature import NoSuchTarget, read

    if not isinstance(node, dict) or "_target_" not in node:
        return []
    try:
        signature = read(str(node["_target_"]))
    except NoSuchTarget:
        return []
    return sorted(signature.parameters) if signature else []


def _key_error(override: Override, config: dict[str, Any], groups_known: Sequence[str]) -> str | None:
    """What is wrong with the key of `key=value` or `~key`."""
    key = override.key_or_group
    if override.is_add() or override.is_force_add() or key.split(".")[0].split("/")[0] in HYDRA_FLAGS:
        return None
    node, path, missing = _descend(config, key)
    if not missing:
        return None
    if not isinstance(node, dict):
        what = "none" if node is None else repr(node)
        return f"{key}: '{path}' is {what} here and has no key '{missing}'"
    known = sorted({str(name) for name in node} - {"_target_", "_partial_"} | ({*groups_known} if not path else set()))
    takes = _takes(node)
    if missing in takes:
        return f"{key}: not in the config, but {node['_target_']} takes it; write +{override.input_line}"
    near = nearest(missing, [*known, *takes]) or ";"
    return f"{key}: no such key '{missing}'{f' in {path}' if path else ''}{near} known: {', '.join(known)}"


def _first_value(override: Override) -> str:
    """One value of a sweep, to check the rest of the config with."""
    if override.is_sweep_override():
        key = override.input_line.split("=", 1)[0]
        return f"{key}={next(iter(override.sweep_string_iterator()))}"
    return override.input_line


def _compose_or_explain(overrides: list[Override], places: Sequence[Path]) -> tuple[DictConfig, DictConfig]:
    """Compose; on failure collect what is wrong with every single override."""
    choices = groups.files(places)
    try:
        return _compose([_first_value(o) for o in overrides], places)
    except (HydraException, OmegaConfBaseException) as error:
        messages, usable, values = [], [], []
        for override in overrides:
            if override.key_or_group in choices and override.package is None and not override.is_delete():
                message, meant = _choice_error(override, choices)
                messages += [message] if message else []
                usable += [meant or ""] if message else [_first_value(override)]
            else:
                values.append(override)
        base = plain(_compose([text for text in usable if text], places)[0])
        messages += [text for o in values if (text := _key_error(o, base, list(choices)))]
        messages += _remaining(values, base, usable, places) if messages else []
        first = (str(error).strip() or repr(error)).splitlines()[0]
        raise ConfigError(messages or [first]) from error


def _remaining(values: list[Override], base: dict[str, Any], usable: list[str], places: Sequence[Path]) -> list[str]:
    """What the later layers say of the overrides whose keys are right, beside those that are wrong."""
    right = [_first_value(o) for o in values if _key_error(o, base, []) is None]
    try:
        config = _compose([*[text for text in usable if text], *right], places)[0]
        return _without_echoes(verify(plain(config)), config)
    except (HydraException, OmegaConfBaseException):
        return []


def explain(overrides: Sequence[str], config_dirs: Sequence[str | Path] = (), *, sweep: bool = False) -> Composed:
    """Compose and check one config; of a sweep (`key=1,2`) the first one.

    Raises:
        ConfigError: with every mistake found: unreadable overrides, unknown choices and keys,
            wrong types, unknown or missing arguments of targets, targets outside the allow-list.
    """
    missing = [str(place) for place in config_dirs if not Path(place).is_dir()]
    if missing:
        raise ConfigError([f"--config-dir {place}: no such folder" for place in missing])
    places = groups.folders(config_dirs)
    readable, messages = parse(overrides)
    if not sweep:
        messages += [f"{o.input_line}: several values need -m: mlsci train -m ..." for o in readable if o.is_sweep_override()]
    with _hydra():
        try:
            config, hydra = _compose_or_explain(readable, places)
        except ConfigError as error:
            raise ConfigError([*messages, *error.messages]) from error
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError([*messages, *str(error).splitlines()[:1]]) from error
    try:
        found = plain(config)
    except OmegaConfBaseException as error:
        raise ConfigError([*messages, _interpolation_message(error)]) from error
    messages += _without_echoes(verify(found), config)
    if messages:
        raise ConfigError(messages)
    choices = {str(key): str(value) for key, value in hydra.runtime.choices.items() if key != "hydra"}
    return Composed(
        config=config,
        choices={key: value for key, value in choices.items() if "/" not in key},
        overrides=list(overrides),
        sweeps=_sweeps(hydra),
        choices_hydra={key: value for key, value in choices.items() if "/" in key},
    )


def _sweeps(hydra: DictConfig) -> dict[str, str]:
    """The sweep parameters of an experiment that sets `hydra.mode: MULTIRUN`."""
    if str(hydra.mode).rpartition(".")[2] != "MULTIRUN" or "params" not in hydra.sweeper:
        return {}
    return {str(key): str(value) for key, value in (hydra.sweeper.params or {}).items()}


def _interpolation_message(error: OmegaConfBaseException) -> str:
    first = str(error).strip().splitlines()[0]
    return f"{error.full_key}: {first}" if error.full_key else first


def _without_echoes(messages: list[str], config: DictConfig) -> list[str]:
    """Leave out what is said of `data.seed: ${seed}` where the same is said of `seed`."""
    raw = OmegaConf.to_container(config, resolve=False)
    kept = []
    for message in messages:
        value, _, missing = _descend(raw, message.partition(": ")[0])
        source = value[2:-1] if not missing and isinstance(value, str) and value.startswith("${") else None
        if source is None or not any(other.startswith(f"{source}: ") for other in messages):
            kept.append(message)
    return kept


def verify(config: dict[str, Any], *, trust: Sequence[str] | None = None) -> list[str]:
    """The messages of the schema and signature layers for a plain config; none is good."""
    trusted = config.get("trust") if trust is None else trust
    messages = check_schema(config, Schema)
    parts = {key: value for key, value in config.items() if key not in {"objective", "figures"}}
    messages += check(parts, trust=list(trusted) if isinstance(trusted, list | tuple) else [])
    return list(dict.fromkeys(messages))


def combinations(overrides: Sequence[str]) -> list[list[str]]:
    """Every job of a plain sweep, as lists of overrides."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    readable, messages = parse(overrides)
    if messages:
        raise ConfigError(messages)
    (jobs,) = BasicSweeper.split_arguments(readable, max_batch_size=None)
    return [list(job) for job in jobs]


def assign(
    config: dict[str, Any], overrides: Sequence[str], *, allowed: Sequence[str], trust: Sequence[str] = ()
) -> dict[str, Any]:
    """A copy of a plain config with some values changed; only existing keys under the `allowed` prefixes.

    `trust` names the packages beside ours whose targets the config may hold.

    Raises:
        ConfigError: a key outside the prefixes, an unknown one, or a value of the wrong type.
    """
    readable, messages = parse(overrides)
    changed = OmegaConf.create(config)
    for override in readable:
        key = override.key_or_group
        if not key.startswith(tuple(allowed)) or not (override.is_add() or override.type.name == "CHANGE"):
            messages.append(f"{override.input_line}: only {', '.join(f'{p}...' for p in allowed)} can change here")
        elif text := _key_error(override, config, []):
            messages.append(text)
        else:
            OmegaConf.update(changed, key, override.value(), force_add=override.is_add())
    interpolation.register()
    found = plain(changed)
    messages += check(found, trust=trust)
    if messages:
        raise ConfigError(messages)
    return found
