"""CPU and wall time of a run, over all the processes that it was interrupted in."""

import resource
import time


def process_seconds() -> float:
    """CPU seconds of this process and of its ended children."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Clock:
    """Runs from the start of the process, or from where the clock was made inside a longer one.

    Args:
        spent: CPU seconds of earlier processes of the same run.
        whole_process: whether this process does nothing but the run.
    """

    def __init__(self, *, spent: float = 0.0, whole_process: bool = True) -> None:
        self.wall = time.monotonic()
        self.offset = spent - (0.0 if whole_process else process_seconds())
        self.fit: dict[str, float] = {}

    def fit_ended(self) -> None:
        """From now on `seconds` tells what the run had cost by now, too."""
        self.fit = {"fit_cpu_seconds": self.seconds()["cpu_seconds"]}

    def seconds(self) -> dict[str, float]:
        """CPU seconds of the run, also those until the fit ended, and wall seconds of the present job."""
        wall = time.monotonic() - self.wall
        spent = {"cpu_seconds": round(self.offset + process_seconds(), 2), "wall_seconds": round(wall, 2)}
        return {**spent, **self.fit}
