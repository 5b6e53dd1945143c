"""MNIST: 70,000 handwritten digits, 28×28 pixels (LeCun, Bottou, Bengio and Haffner 1998, Proc. IEEE 86, 2278)."""

import gzip
import hashlib
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from mlsci.data.download import fetch, find
from mlsci.data.spec import DataSpec
from mlsci.data.split import Split
from mlsci.data.table import Table
from mlsci.errors import DownloadError

ORIGIN = "https://ossci-datasets.s3.amazonaws.com/mnist"
FILES = {  # and the sha256 of what is in them: gzip has several ways to write the same
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@dataclass(kw_only=True, eq=False)
class MNIST(Table):
    """Pictures (1, 28, 28) with grey values in [0, 1] and their digit; the 10,000 of the authors are the test part."""

    def prepare_data(self) -> None:
        """Fetch the four files."""
        if self.files is None:
            for name in FILES:
                fetch(_path(name), url=_url(name), sha256=None)

    def fake(self, folder: Path) -> None:
        """300 pictures for training and 100 for testing: a bright square at ten places, with noise."""
        draw = np.random.default_rng(0)
        labels = (np.arange(400) % 10).astype(np.uint8)
        pictures = draw.integers(0, 60, (400, 28, 28), dtype=np.uint8)
        for picture, label in zip(pictures, labels, strict=True):
            row, column = 14 * (label // 5) + 3, 5 * (label % 5) + 1
            picture[row : row + 6, column : column + 4] = 250
        (folder / "mnist").mkdir(parents=True, exist_ok=True)
        for name, first, last in (("train", 0, 300), ("t10k", 300, 400)):
            write_idx(folder / _path(f"{name}-images-idx3-ubyte"), pictures[first:last])
            write_idx(folder / _path(f"{name}-labels-idx1-ubyte"), labels[first:last])

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Pictures (N, 1, 28, 28) and digits (N,); the test part comes last."""
        values = {name: self._read(name) for name in FILES}
        self._tested = len(values["t10k-labels-idx1-ubyte"])
        pictures = np.concatenate([values["train-images-idx3-ubyte"], values["t10k-images-idx3-ubyte"]])
        labels = np.concatenate([values["train-labels-idx1-ubyte"], values["t10k-labels-idx1-ubyte"]])
        return pictures[:, None].astype(np.float32) / 255, labels.astype(np.int64)

    def parts(self, targets: np.ndarray) -> Split:
        """The authors' test part; a validation part from the rest."""
        rest = np.arange(len(targets) - self._tested)
        train, val = train_test_split(
            rest, test_size=self.val_fraction, random_state=self.split_seed, stratify=targets[rest]
        )
        return Split(train=np.sort(train), val=np.sort(val), test=np.arange(len(rest), len(targets)))

    def shapes(self) -> DataSpec:
        """One grey picture in, ten classes out."""
        return DataSpec(inputs=(1, 28, 28), classes=tuple("0123456789"))

    def _read(self, name: str) -> np.ndarray:
        path = find(_path(name), files=self.files, url=_url(name), sha256=None)
        try:
            content = gzip.decompress(path.read_bytes())
        except (OSError, EOFError) as error:
            raise DownloadError(f"{path}: no gzip file, or a damaged one: {error}") from error
        found = hashlib.sha256(content).hexdigest()
        if self.files is None and found != FILES[name]:
            raise DownloadError(
                f"{path}: the sha256 of what is in it is {found}, expected {FILES[name]}; the file is damaged or "
                f"another one. Delete it to download it again from {_url(name)}."
            )
        return read_idx(content, source=path)


def read_idx(content: bytes, *, source: Path) -> np.ndarray:
    """The bytes of an idx file (MNIST's own format) as uint8 of any shape. Raises DownloadError for something else."""
    axes = content[3] if content[:3] == b"\x00\x00\x08" and len(content) > 3 else 0
    start = 4 + 4 * axes
    shape = struct.unpack(f">{axes}I", content[4:start]) if axes and len(content) >= start else ()
    if not shape or len(content) != start + math.prod(shape):
        raise DownloadError(f"{source}: no idx file of bytes, or a cut one")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def write_idx(path: Path, values: np.ndarray) -> None:
    """Write uint8 `values` as a compressed idx file."""
    header = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes(), compresslevel=1, mtime=0))


def _path(name: str) -> str:
    return f"mnist/{name}.gz"


def _url(name: str) -> str:
    return f"{ORIGIN}/{name}.gz"
