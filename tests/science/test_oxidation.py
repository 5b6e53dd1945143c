"""Oxidation states that every textbook gives, and compounds that cannot be balanced."""

import numpy as np
import pytest

from mlsci.science.composition import fractions
from mlsci.science.elements import atomic_number, oxidation_states
from mlsci.science.oxidation import balanced, closed_shells, electrons_kept


def states(formula: str) -> tuple[dict[str, float], float]:
    shares = fractions(formula)
    found, charge = balanced([atomic_number(symbol) for symbol in shares], list(shares.values()))
    return dict(zip(shares, found.tolist(), strict=True)), charge


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("NaCl", {"Na": 1, "Cl": -1}),
        ("Al2O3", {"Al": 3, "O": -2}),
        ("GaAs", {"Ga": 3, "As": -3}),
        ("Fe2O3", {"Fe": 3, "O": -2}),
        ("FeO", {"Fe": 2, "O": -2}),
        ("CaTiO3", {"Ca": 2, "Ti": 4, "O": -2}),
        ("KMnO4", {"K": 1, "Mn": 7, "O": -2}),
        ("Al0.25Ga0.75As", {"Al": 3, "Ga": 3, "As": -3}),
    ],
)
def test_textbook_compounds_are_neutral(formula: str, expected: dict[str, float]) -> None:
    found, charge = states(formula)
    assert found == expected
    assert charge == pytest.approx(0, abs=1e-12)


def test_what_is_left_is_the_charge_an_atom() -> None:
    found, charge = states("NaCl2")
    assert found == {"Na": 1, "Cl": -1}
    assert charge == pytest.approx(1 / 3)


@pytest.mark.parametrize("formula", ["CuZn", "Na", "Ni3Al"])
def test_metals_have_no_anion(formula: str) -> None:
    found, charge = states(formula)
    assert not any(found.values())
    assert charge == 1.0


@pytest.mark.parametrize(
    ("symbol", "state", "kept", "closed"),
    [
        ("Ti", 4, 0, 1),
        ("Ti", 3, 1, 0),
        ("O", -2, 8, 1),
        ("Zn", 2, 10, 1),
        ("Fe", 3, 5, 0),
        ("Pb", 2, 2, 1),
        ("La", 3, 0, 1),
        ("Cu", 0, 0, 0),
    ],
)
def test_electrons_that_an_ion_keeps(symbol: str, state: int, kept: int, closed: int) -> None:
    states = np.array([float(state)])
    found = electrons_kept([atomic_number(symbol)], states)
    assert found.tolist() == [kept]
    assert closed_shells(found, states).tolist() == [closed]


def test_a_noble_gas_is_neutral_by_itself() -> None:
    assert oxidation_states()[9] == ()
    found, _ = states("NeO")
    assert found == {"Ne": 0, "O": -2}


def test_nothing_but_the_best_of_all_choices_is_taken() -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        shares = draw.dirichlet([1, 1, 1])
        numbers = [26, 25, 16]
        found, charge = balanced(numbers, list(shares))
        table = oxidation_states()
        least = min(
            abs(a * shares[0] + b * shares[1] + c * shares[2])
            for a in table[25]
            for b in table[24]
            for c in table[15]
            if c < 0
        )
        assert charge == pytest.approx(min(least, 1.0))
        assert abs(float(found @ shares)) == pytest.approx(least)
