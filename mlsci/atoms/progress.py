"""A bar on a terminal, a line now and then in a file."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """Steps done, time left and a few values, redrawn a few times a second: a context manager.

    Args:
        what: the word before the bar.
        total: steps.
        refresh_seconds: between two drawings on a terminal.
        line_seconds: between two lines where the output is no terminal.
    """

    def __init__(self, what: str, total: int, *, refresh_seconds: float = 0.2, line_seconds: float = 15.0):
        self.what, self.total = what, total
        self.console = Console()
        self._every = refresh_seconds if self.console.is_terminal else line_seconds
        self._drawn = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps · {task.fields[values]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            auto_refresh=False,
        )
        self._task = self._bar.add_task(what, total=total, values="")

    def __enter__(self) -> Bar:
        if self.console.is_terminal:
            self._bar.start()
        return self

    def due(self) -> bool:
        """Whether it is time to draw again: ask before working out values."""
        return time.monotonic() - self._drawn >= self._every

    def draw(self, done: int, values: str) -> None:
        """Show how far it is."""
        self._drawn = time.monotonic()
        if self.console.is_terminal:
            self._bar.update(self._task, completed=done, values=values, refresh=True)
        else:
            self.console.print(f"{self.what} {done}/{self.total} · {values}", soft_wrap=True, highlight=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.console.is_terminal:
            self._bar.stop()
