"""SIGINT and SIGTERM: an end at the next whole step of a training, at once elsewhere in a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlsci.errors import Interrupted

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from mlsci.models.base import Model


@contextmanager
def handled(handler: Callable[[int, Any], None]) -> Iterator[dict[int, Any]]:
    """Both signals go to a handler; gives the handlers before. Outside the main thread Python allows no change."""
    if threading.current_thread() is not threading.main_thread():
        yield {}
        return
    before: dict[int, Any] = {int(signum): signal.signal(signum, handler) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield before
    finally:
        for signum, old in before.items():
            signal.signal(signum, old)


class _End(BaseException):
    """A signal on its way out: no `except Exception` in between takes it for an error of its own."""


@contextmanager
def end_at_once() -> Iterator[None]:
    """A signal ends the block as an Interrupted."""
    received: list[int] = []

    def end(signum: int, frame: Any) -> None:
        received.append(signum)
        raise _End

    try:
        with handled(end):
            yield
    except _End:
        raise Interrupted(received[0]) from None


@contextmanager
def end_at_whole_step(model: Model, trainer: Trainer) -> Iterator[None]:
    """A signal asks for an end at the next whole step; a second SIGINT ends at once."""

    def ask(signum: int, frame: Any) -> None:
        if trainer.world_size > 1:
            trainer._signal_connector.received_sigterm = True  # all devices stop at the same batch
        else:
            model.pace.stop_signal = signum
        if signum == signal.SIGINT:
            signal.signal(signum, before[signum])

    with handled(ask) as before:
        yield
