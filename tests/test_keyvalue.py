"""key=value words become options, and every mistake is named."""

import math
from dataclasses import dataclass
from typing import Literal

import pytest

from mlsci.errors import ConfigError
from mlsci.keyvalue import described, option, read


@dataclass(frozen=True, kw_only=True)
class Tea:
    """Options of a pot."""

    minutes: int = option(3, "how long")
    degrees: float = option(95.0, "°C")
    kind: Literal["green", "black"] = option("green", "which")
    sugar: bool = option(False, "")
    cup: str | None = option(None, "where to")
    least: float | None = option(None, "")


def test_words_become_values_of_their_types():
    words = ["minutes=1e1", "degrees=8e1", "kind=black", "sugar=True", "cup=a=b", "least=inf"]
    assert read(words, Tea) == Tea(minutes=10, degrees=80.0, kind="black", sugar=True, cup="a=b", least=math.inf)
    assert isinstance(read(words, Tea).minutes, int)
    assert read([], Tea) == Tea()
    assert read(["least=null"], Tea) == Tea()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("minuets=3", "minuets: no such key; did you mean 'minutes'? known: minutes, degrees, kind, sugar, cup, least"),
        ("xyz=3", "xyz: no such key; known: minutes, "),
        ("minutes", "minutes: cannot be read; write key=value, for example minutes=3"),
        ("minutes=2.5", "minutes: expected a whole number, got '2.5'"),
        ("minutes=1e-1", "minutes: expected a whole number, got '1e-1'"),
        ("minutes=", "minutes: expected a whole number, got ''"),
        ("degrees=hot", "degrees: expected a number, got 'hot'"),
        ("kind=blakc", "kind: expected green or black, got 'blakc'; did you mean 'black'?"),
        ("sugar=yes", "sugar: expected true or false, got 'yes'"),
        ("least=x", "least: expected a number or null, got 'x'"),
    ],
)
def test_a_mistake_names_key_value_and_what_is_allowed(word, message):
    with pytest.raises(ConfigError) as caught:
        read([word], Tea)
    assert caught.value.messages[0].startswith(message)


def test_all_mistakes_come_at_once():
    with pytest.raises(ConfigError) as caught:
        read(["minutes=x", "kindd=green", "sugar=true", "sugar=false"], Tea)
    assert [message.split(":")[0] for message in caught.value.messages] == ["minutes", "kindd", "sugar"]
    assert caught.value.messages[2] == "sugar: given twice"


def test_the_help_has_a_line_for_each_key():
    lines = described(Tea).splitlines()
    assert len(lines) == 6
    assert lines[0].split() == ["minutes=3", "how", "long"]
    assert lines[3].strip() == "sugar=false"
    assert lines[4].split()[0] == "cup=..."
