"""What the codes of an autoencoder know of the Ising model: magnetisation and critical temperature."""

from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from mlsci.errors import ConfigError
from mlsci.metrics.susceptibility import peak, susceptibility


class IsingOrder(Callback):
    """Logs `test/latent_correlation` and `test/latent_temperature`, over the lattices of all temperatures.

    The first is the largest |correlation| of a code with the magnetisation. That code, scaled and shifted to the
    magnetisation by a straight line, is the order parameter whose fluctuations are largest at the second (J / k_B).

    Raises:
        ConfigError: other data than `data=ising`, or a model without codes.
    """

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Encode the lattices of the test chains and log both values."""
        data = trainer.datamodule  # type: ignore[attr-defined]
        if not hasattr(pl_module, "encode"):
            raise ConfigError(f"callbacks: IsingOrder: a {type(pl_module).__name__} has no codes; take model=vae")
        if not data.has("sweep"):
            raise ConfigError("callbacks: IsingOrder needs lattices at many temperatures: data=ising")
        x, y = data.split("sweep").tensors
        temperature = np.asarray(data.notes()["temperature"])
        values = np.unique(temperature)
        codes = encoded(pl_module, x.to(pl_module.device), y.to(pl_module.device))
        m = x.mean(dim=(1, 2, 3)).double().numpy()
        code, correlation = best_code(codes, m)
        order = np.polyval(np.polyfit(code, m, 1), code)
        by_temperature = np.stack([order[temperature == value] for value in values])
        found = peak(values, susceptibility(by_temperature, values, sites=x[0].numel()))
        pl_module.log("test/latent_correlation", correlation)
        pl_module.log("test/latent_temperature", found)


def encoded(model: Any, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """Codes (N, latent) of inputs, in pieces."""
    parts = zip(x.split(1000), y.split(1000), strict=True)
    return (
        torch.cat([model.encode(model.scaled(a), model.condition(b)) for a, b in parts]).detach().double().cpu().numpy()
    )


def best_code(codes: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, float]:
    """The code (N,) of (N, latent) with the largest |correlation| with m (N,), and that; 0 for constant codes."""
    away, target = codes - codes.mean(axis=0), m - m.mean()
    norms = np.sqrt((away**2).sum(axis=0) * (target**2).sum())
    correlation = np.abs(away.T @ target) / np.where(norms > 0, norms, np.inf)
    best = int(correlation.argmax())
    return codes[:, best], float(correlation[best])
