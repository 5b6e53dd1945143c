"""The small Darcy data that comes with neuraloperator: 16 x 16 points, 1000 pairs to train on and 50 to test."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mlsci.data.download import data_dir, fetch, find
from mlsci.data.fields import Fields
from mlsci.errors import DownloadError

ORIGIN = "https://raw.githubusercontent.com/neuraloperator/neuraloperator/93d3f063/neuralop/data/datasets/data"
DIGESTS = {  # sha256 of the phases as bytes, then of the pressures as float32
    "train": "ebd50ab1b7195f32e63daa688893d1964b5edd66d2e73eb77fb4803416143fa4",
    "test": "ed9ef958ac9fd8b608be514c16635de5c96245273ae77de901e699175017e42e",
}
POINTS = 16


@dataclass(kw_only=True, eq=False)
class DarcyMini(Fields):
    """Phases (0 or 1) to pressures, in the units of the files (Kossaifi et al., github.com/neuraloperator, MIT).

    The origin holds torch files: they are read as tensors alone, checked by their values, and kept as .npz.
    """

    def prepare_data(self) -> None:
        """Fetch and convert what is not in the data folder yet."""
        for part in DIGESTS:
            path = data_dir() / _name(part)
            if self.files is not None or path.is_file():
                continue
            source = f"{ORIGIN}/darcy_{part}_16.pt"
            found = torch.load(fetch(_name(part, "pt"), url=source, sha256=None), weights_only=True)
            arrays = {"x": found["x"].numpy() > 0.5, "y": found["y"].numpy().astype(np.float32)}
            _verify(arrays, part=part, source=source)
            scratch = path.with_name(f".{path.stem}.{os.getpid()}.npz")
            np.savez(scratch, **arrays)  # type: ignore[arg-type]
            scratch.replace(path)

    def fake(self, folder: Path) -> None:
        """Half planes, and bumps."""
        draw = np.random.default_rng(0)
        x = np.linspace(0, 1, POINTS)
        bump = np.outer(np.sin(np.pi * x), np.sin(np.pi * x))
        for part, count in (("train", 200), ("test", 20)):
            border = draw.uniform(0.2, 0.8, size=(count, 1, 1))
            phases = np.broadcast_to(x[:, None] > border, (count, POINTS, POINTS))
            path = folder / _name(part)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, x=phases, y=(bump * border).astype(np.float32))

    def pairs(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """The two files."""
        found = {}
        for part in DIGESTS:
            path = find(_name(part), files=self.files, url=f"{ORIGIN}/darcy_{part}_16.pt", sha256=None)
            with np.load(path) as arrays:
                x, y = arrays["x"], arrays["y"]
            if self.files is None:
                _verify({"x": x, "y": y}, part=part, source=str(path))
            found[part] = (x.astype(np.float32), y)
        return found

    def grid(self) -> tuple[int, ...]:
        return (POINTS, POINTS)

    def names(self) -> tuple[str, str]:
        return "phase", "pressure"


def _name(part: str, ending: str = "npz") -> str:
    return f"operators/darcy_{part}_16.{ending}"


def _verify(arrays: Mapping[str, np.ndarray], *, part: str, source: str) -> None:
    values = (arrays["x"].astype(np.uint8), arrays["y"].astype(np.float32))
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in values)).hexdigest()
    if digest != DIGESTS[part]:
        raise DownloadError(f"{source}: the values have the sha256 {digest}, expected {DIGESTS[part]}")
