"""Numbers that have to be above zero."""

import math
from dataclasses import dataclass

import pytest

from mlsci.errors import ConfigError
from mlsci.science.dynamics.positive import check_positive


@dataclass
class Settings:
    """Numbers of a made-up kind of dynamics."""

    timestep: float = 1.0
    skipped: float = 1.0
    limit: float = 1.0

    def __post_init__(self) -> None:
        check_positive(self, key="made_up", or_zero=["skipped"], or_infinite=["limit"])


def test_what_may_be_zero_or_infinite_is_let_through():
    assert Settings(skipped=0.0, limit=math.inf).limit == math.inf


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("timestep", 0.0, "a number above 0, got 0"),
        ("timestep", math.nan, "a number above 0, got nan"),
        ("timestep", math.inf, "a finite number, got inf"),
        ("skipped", -1.0, "a number of at least 0, got -1"),
        ("skipped", math.inf, "a finite number, got inf"),
        ("limit", -math.inf, "a number above 0, got -inf"),
    ],
)
def test_others_are_refused_with_their_key(name, value, expected):
    with pytest.raises(ConfigError, match=f"made_up.{name}: expected {expected}"):
        Settings(**{name: value})


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ConfigError) as error:
        Settings(timestep=0.0, limit=0.0)
    assert len(error.value.messages) == 2
