"""Differential equations as small classes: the contract, conditions, and one equation a file."""

from mlsci.science.pde.base import PDE
from mlsci.science.pde.conditions import Condition, Dirichlet, Initial, Neumann, Observations, Periodic, Robin
from mlsci.science.pde.mirror import Mirror
from mlsci.science.pde.parameters import Coefficient, Learn, Span
from mlsci.science.pde.reference import Reference

__all__ = [
    "PDE",
    "Coefficient",
    "Condition",
    "Dirichlet",
    "Initial",
    "Learn",
    "Mirror",
    "Neumann",
    "Observations",
    "Periodic",
    "Reference",
    "Robin",
    "Span",
]
