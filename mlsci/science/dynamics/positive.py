"""Settings of dynamics that are numbers above zero."""

import math
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from mlsci.errors import ConfigError


def check_positive(
    settings: Any, *, key: str = "", or_zero: Collection[str] = (), or_infinite: Collection[str] = ()
) -> None:
    """Refuse a dataclass of numbers where one of them is not above 0 and finite.

    Args:
        settings: an instance of a dataclass, all of whose fields are numbers.
        key: where they stand in the config.
        or_zero: fields that may be 0.
        or_infinite: fields that may be infinite.

    Raises:
        ConfigError: all such fields at once; NaN is one.
    """
    messages = []
    for entry in fields(settings):
        value, name = getattr(settings, entry.name), f"{key}.{entry.name}" if key else entry.name
        if not (value > 0 or (entry.name in or_zero and value == 0)):
            least = "of at least 0" if entry.name in or_zero else "above 0"
            messages.append(f"{name}: expected a number {least}, got {value:g}")
        elif value == math.inf and entry.name not in or_infinite:
            messages.append(f"{name}: expected a finite number, got {value:g}")
    if messages:
        raise ConfigError(messages)
