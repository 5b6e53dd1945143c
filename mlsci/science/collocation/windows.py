"""Time windows: one net for all times, or one after the other."""

from dataclasses import dataclass

from mlsci.errors import ConfigError


@dataclass(kw_only=True)
class Windows:
    """Splits the time range into `count` equal windows that are trained in turn, each from the end of the last.

    Args:
        count: the number of windows; 1 is no splitting.
        epochs: epochs (draws of points) a window; null shares `trainer.max_epochs` out equally.

    Raises:
        ConfigError: fewer than one window or epoch.
    """

    count: int = 1
    epochs: int | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError(f"window.count: expected at least 1, got {self.count}")
        if self.epochs is not None and self.epochs < 1:
            raise ConfigError(f"window.epochs: expected at least 1, got {self.epochs}")

    def at_epoch(self, epoch: int, *, epochs: int) -> int:
        """The window that is in training in an epoch of a run of so many epochs."""
        each = self.epochs or max(epochs // self.count, 1)
        return min(epoch // each, self.count - 1)


class Whole(Windows):
    """One net for all times; takes no settings, so that those of an experiment's windows fall away with them."""

    def __init__(self) -> None:
        super().__init__()
