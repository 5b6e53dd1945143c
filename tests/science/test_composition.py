"""Formulas: amounts by hand, properties that hold for all of them, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsci.errors import MlsciError
from mlsci.science.composition import amounts, fractions

KNOWN = {
    "NaCl": {"Na": 1, "Cl": 1},
    "Ag(W3Br7)2": {"Ag": 1, "W": 6, "Br": 14},
    "Ag0.5Ge1Pb1.75S4": {"Ag": 0.5, "Ge": 1, "Pb": 1.75, "S": 4},
    "Ca3[Si(OH)4]2": {"Ca": 3, "Si": 2, "O": 8, "H": 8},
    "K{Fe[(CN)2]3}.5": {"K": 1, "Fe": 0.5, "C": 3, "N": 3},
    "CH3COOH": {"C": 2, "H": 4, "O": 2},
    "Co": {"Co": 1},
    "CO": {"C": 1, "O": 1},
    " (Al2O3) ": {"Al": 2, "O": 3},
    "Fe1e-3Ni": {"Fe": 1e-3, "Ni": 1},
}


@pytest.mark.parametrize(("formula", "expected"), KNOWN.items())
def test_amounts_are_those_counted_by_hand(formula, expected):
    assert amounts(formula) == pytest.approx(expected)
    assert list(amounts(formula)) == list(expected)


def test_shares_add_up_to_one():
    assert fractions("Ag(AuS)2") == pytest.approx({"Ag": 0.2, "Au": 0.4, "S": 0.4})


SYMBOLS = st.sampled_from(["H", "He", "C", "Co", "O", "Os", "Na"])
NUMBERS = st.integers(1, 400).map(lambda n: n / 8)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(SYMBOLS, NUMBERS), min_size=1, max_size=5), NUMBERS, NUMBERS)
def test_a_bracket_multiplies_and_the_order_does_not_matter(parts, inner, outer):
    text = "".join(f"{symbol}{amount}" for symbol, amount in parts)
    expected = {}
    for symbol, amount in reversed(parts):
        expected[symbol] = expected.get(symbol, 0) + amount * (inner * outer + 1)
    assert amounts(f"[({text}){inner}]{outer}{text}") == pytest.approx(expected)


WRONG = {
    "": "it holds no element",
    "()": "it holds no element",
    "na": "'n' has no meaning",
    "Na-Cl": "'-' has no meaning",
    "2NaCl": "the amount 2 follows neither",
    "Na(Cl": r"'\)' is missing",
    "NaCl)2": r"'\)' closes no bracket",
    "(NaCl]": r"'\]' closes no bracket",
    "Na0Cl": "expected a positive amount, got 0",
    "Na1.5.5": r"the amount \.5 follows neither",
}


@pytest.mark.parametrize(("formula", "message"), WRONG.items())
def test_what_is_no_formula_is_refused_in_words(formula, message):
    with pytest.raises(MlsciError, match=message):
        amounts(formula)
