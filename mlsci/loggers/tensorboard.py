"""TensorBoard event files in the run folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlsci.errors import MlsciError
from mlsci.loggers.base import RunLogger


class TensorBoard(RunLogger):
    """Scalars and figures under RUN_DIR/tensorboard; look at them with `tensorboard --logdir runs`."""

    def __init__(self) -> None:
        super().__init__()
        self._writer: Any = None

    def open(self) -> None:
        """Open the event file."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MlsciError('logger=tensorboard needs `pip install "mlsci[tensorboard]"`') from error
        self._writer = SummaryWriter(str(self.folder / "tensorboard"), purge_step=self.resumed_step)

    def write(self, metrics: Mapping[str, float], step: int) -> None:
        """Add scalars."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, step)

    def summary(self, values: Mapping[str, Any], figures: Mapping[str, Path]) -> None:
        """Add the figures as pictures."""
        from matplotlib.image import imread

        for name, path in figures.items():
            self._writer.add_image(name, imread(path)[..., :3], dataformats="HWC")

    def close(self, status: str) -> None:
        """Close the event file."""
        self._writer.close()
