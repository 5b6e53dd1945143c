"""Compose a config and find every mistake in it, without importing torch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from mlsci import given, groups, interpolation, leftover
from mlsci.check import check, check_schema
from mlsci.errors import ConfigError
from mlsci.overrides import choice_error, descend, first_value, key_error, parse
from mlsci.schema import ReferenceSchema, Schema


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


def _compose(choices: Sequence[str], places: Sequence[Path]) -> DictConfig:
    """The config that the choices of groups make, with Hydra's own part in it: to be read, not to be changed."""
    if any(text.startswith("hydra.searchpath") for text in choices):
        return compose(groups.ROOT, overrides=list(choices), return_hydra_config=True)
    return _composed((*search_path(places), *choices), Path.cwd(), groups.stamps(places))


@lru_cache(maxsize=16)  # the jobs of a sweep differ in values, seldom in choices
def _composed(overrides: tuple[str, ...], cwd: Path, stamps: frozenset[tuple[str, int, int]]) -> DictConfig:
    """What Hydra composes; it writes `cwd` into its own part, and reads the files that have these stamps."""
    return compose(groups.ROOT, overrides=list(overrides), return_hydra_config=True)


def _compose_or_explain(overrides: list[Override], places: Sequence[Path]) -> tuple[DictConfig, DictConfig]:
    """The config and Hydra's own, of a sweep the first; on failure everything that is wrong with any override.

    Composing is what costs time, so it happens once: from the choices (a misspelt one as it was probably meant),
    and the values are set one by one in what comes out, by Hydra's own rules.
    """
    choices = groups.files(places)
    messages, later, usable, guessed = [], [], [], []
    for override in overrides:
        if _chooses(override, choices):
            named = override.key_or_group in choices and override.package is None and not override.is_delete()
            message, meant = choice_error(override, choices) if named else (None, None)
            first = _first(override)
            if message and choice_error(first, choices)[0] is None:  # only a later job of the sweep has it
                later.append(message)
                message = None
            messages += [message] if message else []
            usable += [meant or ""] if message else [first.input_line or ""]
            guessed += [f"{override.key_or_group}."] if message else []
    try:
        config = _compose([text for text in usable if text], places)
        own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        OmegaConf.set_struct(own, True)
        messages += _set_values(own, [_first(o) for o in overrides if not _chooses(o, choices)], list(choices))
        leftover.drop(own, overrides, places)
        given.tell(own, overrides, places)
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise ConfigError(messages or [_first_line(error)]) from error
    if messages:
        rest = [text for text in _remaining(own) if not text.startswith(tuple(guessed))]
        raise ConfigError([*later, *messages, *rest])
    return own, config.hydra


def _first(override: Override) -> Override:
    """The override with the first value of a sweep."""
    return parse([first_value(override)])[0][0] if override.is_sweep_override() else override


def _chooses(override: Override, choices: dict[str, dict[str, Path]]) -> bool:
    """Whether Hydra needs to know this override before it composes: it is a choice of a group, or Hydra's own."""
    is_group = override.key_or_group in choices and not isinstance(override.value(), dict)
    return is_group or override.is_hydra_override() or override.package is not None


def _set_values(config: DictConfig, overrides: Sequence[Override], known: Sequence[str]) -> list[str]:
    """Set what can be set in the composed config, in order; return what is wrong with the rest."""
    raw: Any = OmegaConf.to_container(config, resolve=False)
    messages = []
    for override in overrides:
        if key_error(override, raw, known) and (text := key_error(override, plain(config), known)):
            messages.append(text)  # Hydra would turn a number into a mapping on its way to such a key
            continue
        try:
            ConfigLoaderImpl._apply_overrides_to_config([override], config)
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            messages.append(_first_line(error))
    return messages


def _first_line(error: BaseException) -> str:
    """What went wrong; where Hydra names the override alone, what OmegaConf said of it too."""
    text = (str(error).strip() or repr(error)).splitlines()[0]
    cause = error.__cause__ if text.startswith("Error merging override") else None
    return f"{text}: {_first_line(cause)}" if cause else text


def _remaining(config: DictConfig) -> list[str]:
    """What the later layers say of the values that could be set, beside those that could not."""
    try:
        return _without_echoes(verify(plain(config)), config)
    except OmegaConfBaseException:
        return []


def explain(
    overrides: Sequence[str], config_dirs: Sequence[str | Path] = (), *, sweep: bool = False, deep: bool = True
) -> Composed:
    """Compose and check one config; of a sweep (`key=1,2`) the first one; not `deep`: choices and keys only.

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
        several = [o.input_line for o in readable if o.is_sweep_override()]
        messages += [f"{text}: several values need -m: mlsci train -m ..." for text in several]
    with _hydra():
        try:
            config, hydra = _compose_or_explain(readable, places)
        except ConfigError as error:
            raise ConfigError([*messages, *error.messages]) from error
        except YAMLError as error:
            raise ConfigError([*messages, f"a config file is no YAML: {' '.join(str(error).split())}"]) from error
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            raise ConfigError([*messages, _first_line(error)]) from error
    if deep:
        try:
            messages += _without_echoes(verify(plain(config)), config)
        except OmegaConfBaseException as error:
            raise ConfigError([*messages, _interpolation_message(error)]) from error
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
    """Leave out what is said of `data.seed: ${seed}` where the same is said of `seed`, or below it."""
    raw = OmegaConf.to_container(config, resolve=False)
    keys = {message.partition(": ")[0] for message in messages}
    return [message for message in messages if not keys & set(_sources(raw, message.partition(": ")[0]))]


def _sources(raw: Any, key: str) -> Iterator[str]:
    """The keys that `key` is a copy of, hop by hop: `net.width` for `model.net.width` where `model.net` is `${net}`."""
    value, path, _ = descend(raw, key)
    if isinstance(value, str) and value.startswith("${") and value.endswith("}"):
        source = f"{value[2:-1]}{key[len(path) :]}"
        yield source
        yield from _sources(raw, source)


def verify(config: dict[str, Any], *, trust: Sequence[str] | None = None) -> list[str]:
    """The messages of the schema and signature layers for a plain config; none is good."""
    trusted = config.get("trust") if trust is None else trust
    messages = check_schema(config, Schema) + _reference_messages(config.get("reference"))
    for key in ("data", "model", "optimizer", "trainer"):
        if isinstance(config.get(key), dict) and "_target_" not in config[key]:
            messages.append(f"{key}: needs a _target_; choose one: {key}=...")
    messages += [
        f"callbacks.{name}: has values and no class; choose it too: callbacks=[...,{name}]"
        for name, values in (config.get("callbacks") or {}).items()
        if isinstance(values, dict) and "_target_" not in values
    ]
    parts = {key: value for key, value in config.items() if key not in {"objective", "figures"}}
    messages += check(parts, trust=list(trusted) if isinstance(trusted, list | tuple) else [])
    return list(dict.fromkeys(messages))


def _reference_messages(reference: Any) -> list[str]:
    """What is wrong with the published number, or with several of them."""
    several = isinstance(reference, list)
    messages = []
    for place, entry in enumerate(reference if several else [] if reference is None else [reference]):
        path = f"reference[{place}]" if several else "reference"
        if isinstance(entry, dict):
            messages += check_schema(entry, ReferenceSchema, path)
        else:
            messages.append(f"{path}: expected {{metric, value, unit, better, source}}, got {entry!r}")
    return messages


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
            parts = ", ".join(prefix.rstrip(".") for prefix in allowed)
            messages.append(f"{override.input_line}: only keys of {parts} can change here")
        elif text := key_error(override, config, []):
            messages.append(text)
        else:
            OmegaConf.update(changed, key, override.value(), force_add=override.is_add())
    interpolation.register()
    found = plain(changed)
    messages += check(found, trust=trust)
    if messages:
        raise ConfigError(messages)
    return found
