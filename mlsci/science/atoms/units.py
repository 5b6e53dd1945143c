"""Units that people forget to convert, and which of them a number looks like."""

from __future__ import annotations

import math
from collections.abc import Mapping

ENERGY = {  # eV
    "Hartree": 27.211386,
    "Rydberg": 13.605693,
    "kcal/mol": 0.04336411,
    "kJ/mol": 0.01036427,
    "meV": 1e-3,
}
FORCE = {  # eV/Å
    "Hartree/Bohr": 51.422067,
    "Hartree/Å": 27.211386,
    "Rydberg/Bohr": 25.711034,
    "kcal/mol/Å": 0.04336411,
    "kJ/mol/Å": 0.01036427,
    "kJ/mol/nm": 0.001036427,
    "meV/Å": 1e-3,
}
STRESS = {  # eV/Å³
    "Hartree/Bohr³": 183.63154,
    "GPa": 1 / 160.217663,
    "kbar": 1 / 1602.17663,
    "MPa": 1 / 160217.663,
}
GPA = STRESS["GPa"]
KCAL = ENERGY["kcal/mol"]


def looks_like(factor: float, units: Mapping[str, float], within: float = 2.0) -> str | None:
    """The unit that is nearest to `factor`, where it lies within a ratio of `within`."""
    if not factor > 0:
        return None
    name = min(units, key=lambda known: abs(math.log(units[known] / factor)))
    return name if abs(math.log(units[name] / factor)) <= math.log(within) else None
