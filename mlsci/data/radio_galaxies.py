"""MiraBest: radio galaxies of the FIRST survey with their morphology (Porter and Scaife 2023, RASTI 2, 293)."""

import os
import tarfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.download import data_dir, fetch, find
from mlsci.data.fits import read_image
from mlsci.data.spec import DataSpec
from mlsci.data.split import Split
from mlsci.data.table import Table
from mlsci.errors import ConfigError, DownloadError

FILE = "mirabest/mirabest_fits.npz"
COMMIT = "158e6690"
URL = f"https://codeload.github.com/fmporter/MiraBest/tar.gz/{COMMIT}"
SIDE, PIXEL = 150, 1.8  # pixels; arcsec a pixel of FIRST
CLIP = 3.0  # standard deviations of the noise, below which a pixel is empty
KNOWN = {100: 252, 102: 36, 104: 7, 110: 169, 112: 3, 200: 337, 201: 4, 210: 164, 300: 17, 310: 12}
CLASSES = ("FR I", "FR II")


@dataclass(kw_only=True, eq=False)
class RadioGalaxies(Table):
    """Images (1, side, side) in [0, 1] of FR I and FR II sources; hybrid ones and empty images are left out.

    An image is the middle of the 150 × 150 pixels (1.8 arcsec each), cut to `side · pool` and averaged over
    `pool × pool`. Of the origin's FITS files, pixels below 3σ of the noise are set to 0, and so is what lies outside
    of a square as large as the source; then the values are scaled to 0 ... 255.

    Args:
        side: pixels of an image.
        pool: pixels of the survey along each side of one of ours.
        certain: only sources whose class the authors are sure of.
        turned: train on the eight turns and reflections of each image, as sources lie on the sky by chance.

    Raises:
        ConfigError: side · pool is over 150.
    """

    side: int = 32
    pool: int = 2
    certain: bool = False
    turned: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.side, self.pool) < 1 or self.side * self.pool > SIDE:
            raise ConfigError(
                f"data.side: side · pool must be between 1 and {SIDE} pixels, got {self.side} · {self.pool}"
            )

    def prepare_data(self) -> None:
        """Fetch and convert the files where they are not there yet."""
        path = data_dir() / FILE
        if self.files is not None or path.is_file():
            return
        values = from_archive(fetch(f"mirabest/mirabest_{COMMIT}.tar.gz", url=URL, sha256=None))
        verify(values["code"], URL)
        scratch = path.with_name(f".{path.stem}.{os.getpid()}.npz")
        np.savez_compressed(scratch, **values)  # type: ignore[arg-type]
        scratch.replace(path)

    def fake(self, folder: Path) -> None:
        """340 sources: two blobs, bright inside (FR I) or outside (FR II), one of them hybrid."""
        draw = np.random.default_rng(0)
        code = np.where(np.arange(340) % 2 == 0, 100, 200).astype(np.int16)
        code[-1] = 300
        y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
        apart = np.where(code == 100, 4, 12) + draw.integers(0, 4, len(code))
        images = np.zeros((len(code), SIDE, SIDE), np.uint8)
        for image, d in zip(images, apart, strict=True):
            image[(abs(y) < 3) & (abs(abs(x) - d) < 3)] = draw.integers(100, 255)
        (folder / FILE).parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / FILE, images=images, code=code)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Images (N, 1, side, side) and classes (N,)."""
        path = find(FILE, files=self.files, url=URL, sha256=None)
        with np.load(path) as found:
            images, code = found["images"], found["code"]
        if self.files is None:
            verify(code, str(path))
        kept = (code < 300) & (images.max(axis=(1, 2)) > 0)
        if self.certain:
            kept &= code % 100 < 10
        first = (SIDE - self.side * self.pool) // 2
        middle = images[kept][:, first : first + self.side * self.pool, first : first + self.side * self.pool]
        pooled = middle.reshape(-1, self.side, self.pool, self.side, self.pool).mean(axis=(2, 4)) / 255
        return pooled[:, None].astype(np.float32), (code[kept] >= 200).astype(np.int64)

    def datasets(self) -> Mapping[str, Dataset]:
        """The three parts; of the training part all symmetric images with `turned`."""
        found = dict(super().datasets())
        if self.turned:
            images, targets = found["train"].tensors  # type: ignore[attr-defined]
            turns = [torch.rot90(images, count, (2, 3)) for count in range(4)]
            found["train"] = TensorDataset(torch.cat([*turns, *(x.flip(3) for x in turns)]), targets.repeat(8))
        return found

    def statistics(self, datasets: Mapping[str, Dataset]) -> Mapping[str, Any]:
        """Mean and deviation of all training pixels, most of which are 0."""
        found = dict(super().statistics(datasets))
        if self.standardise:
            std, mean = torch.std_mean(datasets["train"].tensors[0].double(), correction=0)  # type: ignore[attr-defined]
            found["inputs"] = {"mean": float(mean), "std": float(std) or 1.0}
        return found

    def parts(self, targets: np.ndarray) -> Split:
        """Shares of both classes are equal in all parts."""
        index = np.arange(len(targets))
        rest, test = train_test_split(
            index, test_size=self.test_fraction, random_state=self.split_seed, stratify=targets
        )
        train, val = train_test_split(
            rest, test_size=self.val_fraction, random_state=self.split_seed, stratify=targets[rest]
        )
        return Split(train=np.sort(train), val=np.sort(val), test=np.sort(test))

    def shapes(self) -> DataSpec:
        """One channel in, two classes out."""
        return DataSpec(inputs=(1, self.side, self.side), classes=CLASSES)


def verify(code: np.ndarray, source: str) -> None:
    """Refuse other numbers of sources of each kind than were published (DownloadError)."""
    found = dict(Counter(code.tolist()))
    if found != KNOWN:
        raise DownloadError(
            f"{source}: {len(code)} sources with other classes than the 1001 of MiraBest; the file is damaged or "
            f"another version. Delete it to download it again from {URL}."
        )


def from_archive(path: Path) -> dict[str, np.ndarray]:
    """Images (N, 150, 150) and codes of the FITS files in the origin's archive, in the order of their names."""
    images, names = [], []
    with tarfile.open(path) as archive:
        members = [one for one in archive.getmembers() if one.isfile() and "/FITS/" in one.name]
        for member in sorted(members, key=lambda one: one.name):
            stream = archive.extractfile(member)
            name = Path(member.name).name.removesuffix(".fits")
            if stream is None or not member.name.endswith(".fits"):
                continue
            image = read_image(stream.read(), source=member.name)
            images.append(cleaned(image, size_arcsec=float(name.rsplit("_", 1)[1])))
            names.append(name)
    if not images:
        raise DownloadError(f"{path}: no FITS files in this archive")
    return {
        "images": np.stack(images),
        "code": np.array([int(name[:3]) for name in names], np.int16),
        "name": np.array(names),
    }


def cleaned(image: np.ndarray, *, size_arcsec: float) -> np.ndarray:
    """The middle 150 × 150 pixels without noise and without neighbours, 0 to 255; all 0 where nothing is left."""
    image = np.nan_to_num(image)
    noise = image
    for _ in range(5):  # clip the noise until the source is out of it
        noise = noise[abs(noise - np.median(noise)) <= CLIP * noise.std()]
    image = np.where(image > np.median(noise) + CLIP * noise.std(), image, 0.0)
    row, column = ((size - SIDE) // 2 for size in image.shape)
    image = image[row : row + SIDE, column : column + SIDE]
    away = abs(np.arange(SIDE) - (SIDE - 1) / 2) <= size_arcsec / PIXEL / 2
    image = image * np.outer(away, away)
    highest = image.max()
    return np.round(255 * image.clip(0) / highest).astype(np.uint8) if highest > 0 else np.zeros(image.shape, np.uint8)
