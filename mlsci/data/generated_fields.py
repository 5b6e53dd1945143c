"""Pairs of fields that a law of random functions and a solver make once, tested on two grids."""

from dataclasses import dataclass

from mlsci.data.fields import Fields
from mlsci.data.generated import Recipe
from mlsci.errors import ConfigError


@dataclass(kw_only=True, eq=False)
class GeneratedFields(Fields):
    """What maps between fields share whose pairs are computed; a subclass writes `recipe(part)` for "train" and "test".

    Args:
        functions: for training and validation.
        test_functions: for testing.
        finer: the test is repeated on a grid of so many times the points; null: it is not.
        functions_seed: of the functions.

    Raises:
        ConfigError: fewer than two functions, or a `finer` below 1.
    """

    functions: int = 1000
    test_functions: int = 200
    finer: int | None = 2
    functions_seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_counts("functions", "test_functions")
        if self.finer is not None and self.finer < 1:
            raise ConfigError(f"data.finer: expected at least 1, or null, got {self.finer}")

    def check_counts(self, *names: str, least: int = 2) -> None:
        """Refuse what has to be counted in `least` or more."""
        for name in names:
            if getattr(self, name) < least:
                raise ConfigError(f"data.{name}: expected at least {least}, got {getattr(self, name)}")

    def recipe(self, part: str) -> Recipe:
        """How the functions of "train" or "test" are made."""
        raise NotImplementedError

    def prepare_data(self) -> None:
        """Compute what is not in the data folder yet."""
        for part in ("train", "test"):
            self.recipe(part).prepare(self.files)

    def count(self, part: str) -> int:
        """Functions of a part."""
        return self.functions if part == "train" else self.test_functions

    def seeds(self, part: str) -> list[int]:
        """For the functions of a part."""
        return [self.functions_seed, int(part == "test")]
