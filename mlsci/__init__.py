"""mlsci: machine learning for science, experiments composed by Hydra configs and trained by Lightning."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsci.api import load, train

__version__ = "0.1.0"
__all__ = ["__version__", "load", "train"]


def __getattr__(name: str) -> Any:
    """`load` and `train` import torch, so they are fetched at first use."""
    if name in {"load", "train"}:
        from mlsci import api

        return getattr(api, name)
    raise AttributeError(f"module 'mlsci' has no attribute '{name}'")
