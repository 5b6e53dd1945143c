"""What a net may know of the data: plain numbers, strings and tuples, stored as JSON in the checkpoint."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class DataSpec:
    """Shapes, classes, units and statistics of a data set.

    `inputs` and `targets` are the shapes of one input and one target, without the batch axis; a class
    number has the shape `()`. `statistics` holds means and standard deviations of the training part. `features` is
    the number of values that a net sees of one input where the data is embedded first, `outputs` the number that it
    gives where these are not yet the target.
    """

    inputs: tuple[int, ...]
    targets: tuple[int, ...] = ()
    classes: tuple[str, ...] | None = None
    input_names: tuple[str, ...] | None = None
    target_names: tuple[str, ...] | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    statistics: Mapping[str, Any] = field(default_factory=dict)
    features: int | None = None
    outputs: int | None = None

    @property
    def in_features(self) -> int:
        """The number of values that a net gets of one input."""
        return math.prod(self.inputs) if self.features is None else self.features

    @property
    def out_features(self) -> int:
        """The number of outputs a net needs: one a class, or one a target value."""
        if self.outputs is not None:
            return self.outputs
        return len(self.classes) if self.classes else math.prod(self.targets)

    def mapping(self) -> dict[str, Any]:
        """As plain containers, with `in_features` and `out_features`, for `${spec:...}` and for JSON."""
        return _plain({**asdict(self), "in_features": self.in_features, "out_features": self.out_features})

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "DataSpec":
        """The spec that `mapping()` wrote."""
        names = {"inputs", "targets", "classes", "input_names", "target_names"}
        values: dict[str, Any] = {k: v for k, v in mapping.items() if k not in {"in_features", "out_features"}}
        values |= {name: tuple(values[name]) for name in names if values.get(name) is not None}
        return cls(**values)


def _plain(value: Any) -> Any:
    """Tuples as lists, mappings as dicts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
