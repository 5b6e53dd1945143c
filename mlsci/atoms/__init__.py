"""What one does with a trained potential: `Calculator` for ASE, `relax`, `simulate`, `profile`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsci.atoms.calculator import Calculator
    from mlsci.atoms.path import profile
    from mlsci.atoms.relaxation import relax
    from mlsci.atoms.simulation import simulate

__all__ = ["Calculator", "profile", "relax", "simulate"]

HOMES = {"Calculator": "calculator", "profile": "path", "relax": "relaxation", "simulate": "simulation"}


def __getattr__(name: str) -> Any:
    """All import torch and ASE, so they are fetched at first use."""
    if name in HOMES:
        from importlib import import_module

        return getattr(import_module(f"mlsci.atoms.{HOMES[name]}"), name)
    raise AttributeError(f"module 'mlsci.atoms' has no attribute '{name}'")
