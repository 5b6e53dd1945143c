"""A table of 94 chemical elements: what the composition of a solid says about it before any calculation."""

import csv
from pathlib import Path

import numpy as np

from mlsci.errors import MlsciError

# Collected by mendeleev 1.3.0 (MIT licence), which names the source of every value; empty where nobody measured it.
FILE = Path(__file__).with_name("elements.csv")
UNITS = {  # of the columns that are no counts
    "mass": "u",
    "electronegativity": "Pauling",
    "electron_affinity": "eV",  # of bound anions
    "ionisation1": "eV",
    "ionisation2": "eV",
    "ionisation3": "eV",
    "covalent_radius": "pm",  # Pyykkö and Atsumi 2009, single bond
    "vdw_radius": "pm",  # Alvarez 2013
    "polarisability": "bohr³",
    "density": "g/cm³",
    "melting_point": "K",
    "boiling_point": "K",
    "atomisation_heat": "kJ/mol",
    "thermal_conductivity": "W/(m K)",
    "miedema_potential": "V",
    "miedema_density": "",
}
LOGARITHMIC = ("mass", "polarisability", "density", "melting_point", "boiling_point", "thermal_conductivity")


def properties() -> dict[str, np.ndarray]:
    """The columns of the table by name, (94,) each in the order of atomic numbers, NaN where nothing is known.

    `s`, `p`, `d`, `f` are the electrons outside of the noble gas core; the group of the f block counts as 3;
    `pettifor` is the place in Pettifor's chemical scale; `oxidation_low` and `oxidation_high` are the extreme ones of
    the common oxidation states. The units of the others stand in `UNITS`.
    """
    with FILE.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = [name for name in rows[0] if name != "symbol"]
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}


def symbols() -> tuple[str, ...]:
    """H to Pu."""
    with FILE.open(newline="") as stream:
        return tuple(row["symbol"] for row in csv.DictReader(stream))


def numbers() -> dict[str, int]:
    """Atomic numbers by symbol."""
    return {symbol: place + 1 for place, symbol in enumerate(symbols())}


def atomic_number(symbol: str) -> int:
    """The atomic number of a symbol. Raises MlsciError for one that is not in the table."""
    found = numbers().get(symbol)
    if found is None:
        raise MlsciError(f"'{symbol}' is no element from H to Pu")
    return found


def scaled_properties() -> list[list[float]]:
    """Rows of mean 0 and deviation 1 a column, one an atomic number from 0 (zeros: no atom) to 94.

    The logarithm is taken of what spans orders of magnitude; a value that is not known is the mean of the others.
    """
    columns = []
    for name, column in properties().items():
        values = np.log(column) if name in LOGARITHMIC else column
        scaled = (values - np.nanmean(values)) / np.nanstd(values)
        columns.append(np.concatenate([[0.0], np.nan_to_num(scaled)]))
    return np.stack(columns, axis=1).tolist()
