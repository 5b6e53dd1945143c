"""SIGINT and SIGTERM during training: an end at the next whole step, so that the run can be continued."""

import signal
from typing import Any

from lightning.pytorch import Trainer

from mlsci.models.base import Model


class Signals:
    """SIGINT and SIGTERM ask for an end at the next whole step; the second one ends at once."""

    def __init__(self, model: Model, trainer: Trainer):
        self.model = model
        self.trainer = trainer
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Signals":
        for signum in (signal.SIGINT, signal.SIGTERM):
            self._before[signum] = signal.signal(signum, self._ask)
        return self

    def _ask(self, signum: int, frame: Any) -> None:
        if self.trainer.world_size > 1:
            self.trainer._signal_connector.received_sigterm = True  # all devices stop at the same batch
        else:
            self.model.pace.stop_signal = signum
        if signum == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *error: Any) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)
