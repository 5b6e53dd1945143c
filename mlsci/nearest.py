"""The nearest known word to one that was not understood, as the end of an error message."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: object, words: Iterable[object]) -> str:
    """``"; did you mean 'x'?"`` for the closest of `words`, or ``""`` where none is close (case aside)."""
    found = closest(word, words)
    return "" if found is None else f"; did you mean '{found}'?"


def closest(word: object, words: Iterable[object]) -> str | None:
    """The closest of `words`, or None where none is close (case aside)."""
    given = str(word)
    known = {str(known): str(known).casefold() for known in words}
    close = difflib.get_close_matches(given.casefold(), set(known.values()), n=5, cutoff=0.6)
    if not close:
        return None
    best = min(close, key=lambda folded: (_edits(given.casefold(), folded), folded))
    return min(
        (name for name, folded in known.items() if folded == best),
        key=lambda name: (_edits(given, name), name),
    )


def _edits(first: str, second: str) -> int:
    """How many letters to change, add, drop or swap with their neighbour (optimal string alignment)."""
    before, row = [0] * (len(second) + 1), list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        before, last, row = row, before, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == second[j - 2] and b == first[i - 2]:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]
