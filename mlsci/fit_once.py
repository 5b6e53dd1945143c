"""Fit an estimator on the whole training part, and write its checkpoint."""

import lightning
from lightning.pytorch import Trainer
from torch.utils.data import TensorDataset

from mlsci import checkpoint
from mlsci.data.base import Data
from mlsci.errors import ConfigError
from mlsci.models.base import Model
from mlsci.record import RunFolder


def fit_once(model: Model, data: Data, trainer: Trainer, *, folder: RunFolder) -> None:
    """Fit, the validation part deciding what there is to choose, and write best.ckpt and last.ckpt; they are the same.

    Raises:
        ConfigError: the data is no pair of tensors in memory.
    """
    part = data.split("train")
    if not isinstance(part, TensorDataset) or len(part.tensors) != 2:
        raise ConfigError(
            f"model: {type(model).__name__} is fitted at once and needs inputs and targets in memory; "
            f"{type(data).__name__} gives {type(part).__name__}"
        )
    val = data.split("val") if data.has("val") else None
    try:
        model.fit_at_once(*part.tensors, val=val.tensors if isinstance(val, TensorDataset) else None)  # type: ignore[operator]
    except ValueError as error:  # estimators refuse targets of another kind or shape so
        chosen = folder.provenance["choices"]
        raise ConfigError(f"model={chosen.get('model')} and data={chosen.get('data')} do not fit: {error}") from error
    payload = {
        "epoch": 0,
        "global_step": 0,
        "pytorch-lightning_version": str(lightning.__version__),
        "state_dict": model.state_dict(),
        "mlsci": dict(model.block),
    }
    if trainer.is_global_zero:
        checkpoint.write(payload, folder.best)
        checkpoint.write(payload, folder.last)
