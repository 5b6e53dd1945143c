"""Chemical formulas: the amount of every element, with brackets in brackets and amounts that are no whole numbers."""

import math
import re

from mlsci.errors import MlsciError

TOKEN = re.compile(
    r"(?P<element>[A-Z][a-z]?)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<amount>\d*\.?\d+(?:[eE][-+]?\d+)?)"
)
PAIRS = {"(": ")", "[": "]", "{": "}"}


def amounts(formula: str) -> dict[str, float]:
    """How much of each element a formula holds, in the order in which they appear first.

    `Ag(W3Br7)2` gives Ag 1, W 6, Br 14. An amount follows an element or a closed bracket and multiplies it; none is 1.
    Brackets are round, square or curly. Whether a symbol is an element is not looked at.

    Raises:
        MlsciError: the formula is empty, a bracket has no partner, a character has no meaning, an amount stands where
            it multiplies nothing, or an amount is not positive.
    """
    levels: list[dict[str, float]] = [{}]
    closers: list[str] = []
    last: dict[str, float] | None = None  # what an amount would multiply
    place = 0
    text = formula.strip()
    while place < len(text):
        token = TOKEN.match(text, place)
        if token is None:
            raise _wrong(formula, f"'{text[place]}' has no meaning")
        word, place = token.group(), token.end()
        if token["amount"]:
            _merge(levels[-1], last, times=_positive(word, formula, multiplies=last is not None))
            last = None
            continue
        _merge(levels[-1], last, times=1.0)
        last = None
        if token["element"]:
            last = {word: 1.0}
        elif token["open"]:
            levels.append({})
            closers.append(PAIRS[word])
        elif not closers or closers.pop() != word:
            raise _wrong(formula, f"'{word}' closes no bracket")
        else:
            last = levels.pop()
    _merge(levels[-1], last, times=1.0)
    if closers:
        raise _wrong(formula, f"'{closers[-1]}' is missing")
    if not levels[0]:
        raise _wrong(formula, "it holds no element")
    return levels[0]


def fractions(formula: str) -> dict[str, float]:
    """The share of each element among all atoms; the shares add up to 1. Raises as `amounts` does."""
    found = amounts(formula)
    total = sum(found.values())
    return {symbol: amount / total for symbol, amount in found.items()}


def _merge(level: dict[str, float], part: dict[str, float] | None, *, times: float) -> None:
    for symbol, amount in (part or {}).items():
        level[symbol] = level.get(symbol, 0.0) + times * amount


def _positive(word: str, formula: str, *, multiplies: bool) -> float:
    if not multiplies:
        raise _wrong(formula, f"the amount {word} follows neither an element nor a closed bracket")
    amount = float(word)
    if not 0 < amount < math.inf:
        raise _wrong(formula, f"expected a positive amount, got {word}")
    return amount


def _wrong(formula: str, what: str) -> MlsciError:
    return MlsciError(f"formula {formula!r}: {what}")
