"""From config and spec to a model: `${spec:...}` filled in, and errors that say which net meets which data."""

from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlsci import interpolation
from mlsci.build import instantiate
from mlsci.data.base import Data
from mlsci.errors import ConfigError
from mlsci.models.base import Model


def build_model(
    config: dict[str, Any], data: Data, *, steps: int, choices: dict[str, str]
) -> tuple[Model, dict[str, Any]]:
    """The model for the data's spec, and the config with `${spec:...}` and `${steps:}` filled in.

    Raises:
        ConfigError: what cannot be built; says which net meets which data.
    """
    spec = data.spec
    if spec is None:
        raise ConfigError(f"data: {type(data).__name__} gives no spec after setup")
    interpolation.register()
    interpolation.know(spec=spec.mapping(), steps=steps)
    try:
        resolved: Any = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(_spec_message(error, choices)) from error
    finally:
        interpolation.know()
    try:
        model = instantiate(resolved["model"], trust=list(config.get("trust") or []), path="model")
    except ConfigError as error:
        meets = f"net={choices.get('net')} meets data={choices.get('data')} with inputs of shape {spec.inputs}"
        raise ConfigError([f"{message}; {meets}" for message in error.messages]) from error
    if not isinstance(model, Model):
        raise ConfigError(f"model._target_: {type(model).__name__} is no mlsci.models.base.Model")
    return model, resolved


def _spec_message(error: OmegaConfBaseException, choices: dict[str, str]) -> str:
    cause = error.__cause__
    text = str(cause) if isinstance(cause, ConfigError) else str(error).splitlines()[0]
    text = text.removeprefix("ConfigError raised while resolving interpolation: ")
    return f"{error.full_key or 'config'}: {text} (data={choices.get('data')})"
