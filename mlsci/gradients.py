"""`mlsci check --gradients`: backpropagation of a whole config beside central differences in float64."""

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mlsci.build import instantiate
from mlsci.data.base import Data
from mlsci.errors import ConfigError, MlsciError
from mlsci.modelling import build_model
from mlsci.models.base import Model
from mlsci.models.gradient_check import GradientError, gradient_error

LARGEST = 1e-6
SAMPLES = 4


def check_gradients(config: dict[str, Any], choices: dict[str, str]) -> list[str]:
    """Lines for the terminal: the relative error of each parameter tensor of the config's model on made-up data.

    Raises:
        ConfigError: a model that takes no gradient steps.
        MlsciError: an error above 1e-6.
    """
    found = gradients_of(config, choices)
    width = max(map(len, found.by_name))
    lines = [f"{name:<{width}}  {error:.1e}" for name, error in found.by_name.items()]
    lines.append(f"{'all, along random directions':<{width}}  {found.along:.1e}")
    if not found.largest < LARGEST:
        raise MlsciError(
            "\n".join([f"gradients: relative error {found.largest:.1e}, expected less than {LARGEST:.0e}", *lines])
        )
    return lines


def gradients_of(config: dict[str, Any], choices: dict[str, str]) -> GradientError:
    """Build data and model on made-up files, in float64, and compare the gradient of the loss of one batch."""
    trust = list(config.get("trust") or [])
    model_config = dict(config["model"])
    if "dtype" in model_config:
        model_config["dtype"] = "float64"
    with tempfile.TemporaryDirectory() as folder:
        data = instantiate({**config["data"], "files": folder, "batch_size": SAMPLES}, trust=trust, path="data")
        data.fake(Path(folder))
        data.setup()
        torch.manual_seed(config["seed"])
        model, _ = build_model({**config, "model": model_config}, data, steps=10, choices=choices)
        if model.fitted_at_once:
            raise ConfigError(f"model={choices.get('model')}: is fitted at once and has no gradient to check")
        model.begin(data)
        model.double().train().ready()
        return error_of(model, _doubled(_first_batch(data)))


def error_of(model: Model, batch: Any) -> GradientError:
    """The error of the gradient of `model.loss(batch)`, both in float64."""
    return gradient_error(lambda: model.loss(batch)[0], model.named_parameters())


def _first_batch(data: Data) -> Any:
    return next(iter(next(iter(data.train_dataloader()))))


def _doubled(batch: Any) -> Any:
    """Floating tensors in plain containers and dataclasses as float64."""
    if isinstance(batch, Tensor):
        return batch.double() if batch.is_floating_point() else batch
    if isinstance(batch, list | tuple):
        return type(batch)(*map(_doubled, batch)) if hasattr(batch, "_fields") else type(batch)(map(_doubled, batch))
    if isinstance(batch, dict):
        return {name: _doubled(value) for name, value in batch.items()}
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        fields = [field.name for field in dataclasses.fields(batch) if field.init]
        return dataclasses.replace(batch, **{name: _doubled(getattr(batch, name)) for name in fields})
    return batch
