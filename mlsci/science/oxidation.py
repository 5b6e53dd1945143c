"""Oxidation states of a compound from its composition alone, and how far they are from adding up to zero.

A compound whose common oxidation states balance is rarely a metal, and one whose states do not is rarely anything else:
the rule that chemists use before any calculation (Davies et al. 2016, Chem 1, 617, screen compounds by it).
"""

import itertools
from collections.abc import Sequence
from functools import cache

import numpy as np

from mlsci.science.elements import oxidation_states, properties

CLOSED = (0, 2, 8, 10, 18)  # electrons: none, a pair, s²p⁶, d¹⁰, all of them
FAR = 1.0  # charge an atom, as which everything beyond counts, and compounds that have no anion


def balanced(numbers: Sequence[int], shares: Sequence[float]) -> tuple[np.ndarray, float]:
    """The oxidation states (elements,) that come nearest to neutrality, and the charge an atom [e] left, up to 1.

    Every element takes one of its common states, the most electronegative one a negative state. Among equally good
    choices the one with the smallest states is taken. Zeros and 1 where the most electronegative element has no
    negative state.
    """
    states, electronegativity = _table()
    choices = [states[number - 1] or (0,) for number in numbers]
    anion = int(np.argmax([electronegativity[number - 1] for number in numbers]))
    choices[anion] = tuple(state for state in choices[anion] if state < 0)
    if not choices[anion]:
        return np.zeros(len(choices)), FAR
    every = np.array(list(itertools.product(*choices)), dtype=np.float64)  # (choices, elements)
    charge = np.abs(every @ np.asarray(shares, dtype=np.float64))  # (choices,)
    size = np.abs(every) @ np.asarray(shares, dtype=np.float64)
    best = int(np.lexsort((size, charge.round(6)))[0])
    return every[best], min(float(charge[best]), FAR)


def electrons_kept(numbers: Sequence[int], states: np.ndarray) -> np.ndarray:
    """The valence electrons (elements,) that are left at each element in its oxidation state; 0 where that is 0.

    Valence electrons are those of the s and p shells, and of the d shell in groups 3 to 12: Ti4+ keeps none, Ti3+ one,
    O2- eight, Zn2+ ten. What keeps none, a filled shell or a lone pair conducts less than what keeps something else.
    """
    left = _valence()[np.asarray(numbers) - 1] - states
    return np.where(states == 0, 0.0, left)


def closed_shells(kept: np.ndarray, states: np.ndarray) -> np.ndarray:
    """1 where an element in an oxidation state keeps none, a pair or a filled shell of electrons, else 0."""
    return (np.isin(kept, CLOSED) & (states != 0)).astype(np.float64)


@cache
def _valence() -> np.ndarray:
    known = properties()
    return known["s"] + known["p"] + np.where(known["group"] <= 12, known["d"], 0.0)


@cache
def _table() -> tuple[list[tuple[int, ...]], np.ndarray]:
    return oxidation_states(), np.nan_to_num(properties()["electronegativity"], nan=1.5)
