"""log.txt: everything that Python's logging and warnings say during a job."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append messages from INFO on to `path`; keep Lightning's chatter off the terminal."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    _quiet("lightning.pytorch", "lightning.fabric")
    logging.captureWarnings(True)
    terminal = _terminal_warnings()
    try:
        yield
    finally:
        logging.captureWarnings(False)
        logging.getLogger("py.warnings").removeHandler(terminal)
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


def _quiet(*names: str) -> None:
    """Lightning logs to the terminal by handlers of its own: its lines go to the file only."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _terminal_warnings() -> logging.Handler:
    """Warnings are shown on the terminal too, one line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("mlsci: warning: %(message)s"))
    handler.addFilter(_first_line)
    logging.getLogger("py.warnings").addHandler(handler)
    warnings.filterwarnings("default", category=RuntimeWarning, module="mlsci")
    return handler


def _first_line(record: logging.LogRecord) -> bool:
    text = str(record.args[0] if record.args else record.msg).splitlines()[0]
    record.msg, record.args = text.split("Warning: ", 1)[-1], ()
    return True
