"""What a generative net is told beside its input: nothing, a class, or values; always a tensor (B, features)."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mlsci.errors import ConfigError
from mlsci.nets.scaling import Standardise, Statistic


class Condition(nn.Module):
    """Turns the targets of a batch into conditions (B, features).

    Attributes:
        features: values of a condition; 0 where there is none.
    """

    features = 0

    def forward(self, y: Any) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no forward(y)")

    def of(self, value: Any, n: int, *, device: torch.device) -> Tensor:
        """The condition (n, features) that a user asked for; None where he did not."""
        raise NotImplementedError(f"{type(self).__name__} has no of(value, n)")


class Unconditional(Condition):
    """No condition: (B, 0)."""

    def forward(self, y: Any) -> Tensor:
        return torch.zeros(len(y), 0, device=y.device)  # (B, 0)

    def of(self, value: Any, n: int, *, device: torch.device) -> Tensor:
        """Nothing, n times; raises ConfigError for a condition."""
        if value is not None:
            raise ConfigError(f"condition={value}: the model was trained without one; train with condition=classes")
        return torch.zeros(n, 0, device=device)  # (n, 0)


class Classes(Condition):
    """Class numbers (B,) as rows of the unit matrix, (B, number).

    Args:
        names: of the classes, in the order of their numbers.
    """

    def __init__(self, *, names: Sequence[str]) -> None:
        super().__init__()
        self.names = [str(name) for name in names]
        self.features = len(self.names)

    def forward(self, y: Tensor) -> Tensor:
        return nn.functional.one_hot(y, self.features).to(torch.get_default_dtype())  # (B, number)

    def of(self, value: Any, n: int, *, device: torch.device) -> Tensor:
        """Of a name, a number, or n numbers; None draws classes evenly. Raises ConfigError for others."""
        if value is None:
            return self(torch.arange(n, device=device) % self.features)
        found = [self._number(entry) for entry in (value if isinstance(value, list | tuple | Tensor) else [value])]
        if len(found) not in (1, n):
            raise ConfigError(f"condition: expected one class or {n}, got {len(found)}")
        return self(torch.tensor(found, device=device).expand(n))

    def _number(self, value: Any) -> int:
        text = str(value.item() if isinstance(value, Tensor) else value)
        if text in self.names:
            return self.names.index(text)
        if text.isdigit() and int(text) < self.features:
            return int(text)
        raise ConfigError(f"condition={text}: expected a class: {', '.join(self.names)}")


class Values(Condition):
    """Real targets (B, *shape) in standardised units, flattened to (B, features).

    Args:
        shape: of one target.
        mean, std: of the targets.
    """

    def __init__(self, *, shape: Sequence[int], mean: Statistic = 0.0, std: Statistic = 1.0) -> None:
        super().__init__()
        self.shape = tuple(int(size) for size in shape)
        self.features = math.prod(self.shape)
        self.scaling = Standardise(mean=mean, std=std)

    def forward(self, y: Tensor) -> Tensor:
        return self.scaling(y).flatten(1) if y.ndim > 1 else self.scaling(y)[:, None]  # (B, features)

    def of(self, value: Any, n: int, *, device: torch.device) -> Tensor:
        """Of one target (numbers, or text with commas) or of n of them. Raises ConfigError for others and for none."""
        if value is None:
            raise ConfigError(f"condition: this model needs one, {self.features} numbers with commas between them")
        try:
            given = [float(word) for word in value.split(",")] if isinstance(value, str) else value
            numbers = torch.as_tensor(given, dtype=torch.get_default_dtype(), device=device)
            return self(numbers.reshape(-1, *self.shape).expand(n, *self.shape))
        except (ValueError, RuntimeError) as error:
            raise ConfigError(f"condition={value}: expected {self.features} numbers, once or {n} times") from error
