"""metrics.csv in the run folder: one row a step, a column a metric."""

import csv
import time
from collections.abc import Mapping
from pathlib import Path

from mlsci.loggers.base import RunLogger


class CSV(RunLogger):
    """Writes rows as they come; a new column rewrites the file; a resumed run drops rows of steps to be repeated.

    Args:
        flush_seconds: between two writes to disk.
    """

    def __init__(self, *, flush_seconds: float = 1.0):
        super().__init__()
        self.flush_seconds = flush_seconds
        self._columns = ["step", "epoch"]
        self._rows: list[dict[str, float]] = []
        self._written = 0
        self._flushed = 0.0
        self._rewrite = True

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "metrics.csv"

    def open(self) -> None:
        """Take over the rows of a run that is continued."""
        if self.resumed_step is None or not self.path.is_file():
            return
        with self.path.open(newline="") as stream:
            for row in csv.DictReader(stream):
                if row["step"] and int(row["step"]) <= self.resumed_step:
                    self._rows.append({k: float(v) for k, v in row.items() if v})
                    self._columns += [k for k in row if k not in self._columns]

    def write(self, metrics: Mapping[str, float], step: int) -> None:
        """Add the values to the row of the step."""
        if not self._rows or self._rows[-1]["step"] != step:
            self._rows.append({"step": step})
        self._rewrite |= self._written == len(self._rows)
        self._rows[-1].update(metrics)
        new = [name for name in metrics if name not in self._columns]
        self._columns += new
        self._rewrite |= bool(new)
        if time.monotonic() - self._flushed >= self.flush_seconds:
            self._flush(keep_last=True)

    def close(self, status: str) -> None:
        """Write what is left."""
        self._flush(keep_last=False)

    def flush(self) -> None:
        """Write all rows now; the last one may still grow, and the file is then written anew."""
        if self._rows:
            self._flush(keep_last=False)

    def _flush(self, *, keep_last: bool) -> None:
        """Append finished rows; the last one may still grow."""
        end = len(self._rows) - (1 if keep_last else 0)
        start = 0 if self._rewrite else self._written
        with self.path.open("w" if self._rewrite else "a", newline="") as stream:
            writer = csv.DictWriter(stream, self._columns, lineterminator="\n")
            if self._rewrite:
                writer.writeheader()
            for row in self._rows[start:end]:
                writer.writerow({k: int(v) if k in {"step", "epoch"} else f"{v:.8g}" for k, v in row.items()})
        self._written, self._rewrite, self._flushed = end, False, time.monotonic()
