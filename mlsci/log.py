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
    _quiet("lightning", "lightning.pytorch", "lightning.fabric")
    logging.captureWarnings(True)
    terminal = _OnTerminal()
    logging.getLogger("py.warnings").addHandler(terminal)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        logging.getLogger("py.warnings").removeHandler(terminal)
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """For verbs that have no log.txt: what libraries tell their own authors stays unsaid."""
    _quiet("lightning", "lightning.pytorch", "lightning.fabric")
    exporter = logging.getLogger("torch.onnx")
    before = exporter.level
    exporter.setLevel(logging.ERROR)  # that torchvision is not installed, once an operator
    try:
        with warnings.catch_warnings():
            for category in (FutureWarning, DeprecationWarning):
                warnings.simplefilter("ignore", category)
            yield
    finally:
        exporter.setLevel(before)


def _quiet(*names: str) -> None:
    """Lightning logs to the terminal by handlers of its own: its lines go to the file only."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


class _OnTerminal(logging.StreamHandler):
    """Shows a warning as one line; those meant for the authors of libraries stay in the file."""

    def format(self, record: logging.LogRecord) -> str:
        return f"mlsci: warning: {_message(record)}"

    def filter(self, record: logging.LogRecord) -> bool:
        category = _text(record).partition("Warning: ")[0]
        return bool(_message(record)) and not category.endswith(("Future", "Deprecation"))


def _text(record: logging.LogRecord) -> str:
    return str(record.args[0] if isinstance(record.args, tuple) and record.args else record.msg).splitlines()[0]


def _message(record: logging.LogRecord) -> str:
    return _text(record).partition("Warning: ")[2]
