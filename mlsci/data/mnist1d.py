"""MNIST-1D: ten noisy, shifted and scaled templates on 40 points (Greydanus and Kobak 2020, arXiv 2011.14439)."""

import hashlib
import io
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from mlsci.data.download import data_dir, fetch, find
from mlsci.data.spec import DataSpec
from mlsci.data.split import Split
from mlsci.data.table import Table
from mlsci.errors import DownloadError

FILE = "mnist1d/mnist1d_data.npz"
URL = "https://raw.githubusercontent.com/greydanus/mnist1d/7878d960/mnist1d_data.pkl"
DIGEST = (
    "685f4202129520990476e98ae45c73a045542dd77d0ac8478213ec437a6c00e8"  # sha256 of the four arrays one after the other
)
NAMES = ("x", "y", "x_test", "y_test")


@dataclass(kw_only=True, eq=False)
class MNIST1D(Table):
    """Signals (N, 1, 40) and their template; 4000 for training and validation, the 1000 of the authors for testing.

    The origin is a pickle: it is read with nothing but numpy arrays allowed, checked by its values, and kept as .npz.

    Args:
        shuffled: the points of all signals in one random order, as the authors' control has them: what knows of
            neighbours loses, what does not stays where it is.
    """

    shuffled: bool = False

    def prepare_data(self) -> None:
        """Fetch and convert the file where it is not there yet."""
        path = data_dir() / FILE
        if self.files is not None or path.is_file():
            return
        values = _arrays_of_pickle(fetch("mnist1d/mnist1d_data.pkl", url=URL, sha256=None))
        _verify(values, URL)
        scratch = path.with_name(f".{path.stem}.{os.getpid()}.npz")
        np.savez(scratch, **values)  # type: ignore[arg-type]
        scratch.replace(path)

    def fake(self, folder: Path) -> None:
        """300 signals for training and 100 for testing: ten bumps at ten places, with noise."""
        draw = np.random.default_rng(0)
        y = np.arange(400) % 10
        x = np.exp(-(((np.arange(40) - 4 * y[:, None] - 2) / 2) ** 2)) + 0.1 * draw.normal(size=(400, 40))
        (folder / FILE).parent.mkdir(parents=True, exist_ok=True)
        np.savez(folder / FILE, x=x[:300], y=y[:300], x_test=x[300:], y_test=y[300:])

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Signals (N, 1, 40) and templates (N,); the test part comes last."""
        path = find(FILE, files=self.files, url=URL, sha256=None)
        with np.load(path) as found:
            values = {name: found[name] for name in NAMES}
        if self.files is None:
            _verify(values, str(path))
        self._tested = len(values["y_test"])
        x = np.concatenate([values["x"], values["x_test"]])
        if self.shuffled:
            x = x[:, np.random.default_rng(0).permutation(x.shape[1])]
        return x[:, None], np.concatenate([values["y"], values["y_test"]]).astype(np.int64)

    def parts(self, targets: np.ndarray) -> Split:
        """The authors' test part; a validation part from the rest."""
        rest = np.arange(len(targets) - self._tested)
        train, val = train_test_split(
            rest, test_size=self.val_fraction, random_state=self.split_seed, stratify=targets[rest]
        )
        test = np.arange(len(rest), len(targets))
        return Split(train=np.sort(train), val=np.sort(val), test=test)

    def shapes(self) -> DataSpec:
        """One channel of 40 points in, ten classes out."""
        return DataSpec(inputs=(1, 40), classes=tuple("0123456789"))


class _ArraysOnly(pickle.Unpickler):
    """Refuses everything that is not needed for numpy arrays in plain containers."""

    def find_class(self, module: str, name: str) -> Any:
        """Only what numpy's own pickles name."""
        allowed = {"_reconstruct", "ndarray", "dtype", "scalar"}
        if module.split(".")[0] == "numpy" and name in allowed:
            module = module.replace("numpy.core", "numpy._core")
            return super().find_class(module, name)
        if (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise DownloadError(f"{URL}: the file names {module}.{name}, expected nothing but numpy arrays")


def _arrays_of_pickle(path: Path) -> dict[str, np.ndarray]:
    found = _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    if not isinstance(found, dict) or not set(NAMES) <= found.keys():
        raise DownloadError(f"{path}: expected a dict with {', '.join(NAMES)}")
    return {name: np.asarray(found[name]) for name in NAMES}


def _verify(values: dict[str, np.ndarray], source: str) -> None:
    digest = hashlib.sha256(b"".join(_bytes(values[name]) for name in NAMES)).hexdigest()
    if digest != DIGEST:
        raise DownloadError(f"{source}: the arrays have the sha256 {digest}, expected {DIGEST}; another version?")


def _bytes(values: np.ndarray) -> bytes:
    kind = np.int64 if np.issubdtype(values.dtype, np.integer) else np.float64
    return np.ascontiguousarray(values, dtype=kind).tobytes()
