"""Does the model fit the data?  Two made-up samples go through it before any download."""

from typing import Any

import torch
from torch import Tensor

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError
from mlsci.models.base import Model


def check_shapes(model: Model, data: Data, *, choices: dict[str, str]) -> None:
    """Send two samples of zeros through a model that takes (inputs, targets).

    Raises:
        ConfigError: net and data, or outputs and targets, do not fit; says which shapes meet where.
    """
    spec = data.spec
    if spec is None or model.fitted_at_once or not model.takes_pairs or type(model).evaluate is Model.evaluate:
        return
    training = model.training
    try:
        x, y = _samples(spec)
        with torch.no_grad():
            found = model.eval().evaluate((x, y))
    except Exception as error:
        raise ConfigError(_meeting(error, spec, choices)) from error
    finally:
        model.train(training)
    expected = (2, len(spec.classes)) if spec.classes else (2, *spec.targets)
    if found.predictions is not None and tuple(found.predictions.shape) != expected:
        raise ConfigError(
            f"net={choices.get('net')} gives outputs of shape {_shape(found.predictions.shape[1:])}, "
            f"data={choices.get('data')} has targets of shape {_shape(expected[1:])}"
        )


def _samples(spec: DataSpec) -> tuple[Tensor, Tensor]:
    x = torch.zeros(2, *spec.inputs)
    y = torch.zeros(2, dtype=torch.int64) if spec.classes else torch.zeros(2, *spec.targets)
    return x, y


def _shape(shape: Any) -> str:
    return f"({', '.join(str(int(n)) for n in shape)}{',' if len(shape) == 1 else ''})"


def _meeting(error: Exception, spec: DataSpec, choices: dict[str, str]) -> str:
    text = str(error).strip().splitlines()
    return (
        f"net={choices.get('net')} and data={choices.get('data')} do not fit: inputs of shape {_shape(spec.inputs)} "
        f"meet: {text[0] if text else type(error).__name__}"
    )
