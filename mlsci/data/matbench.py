"""The two composition tasks of Matbench (Dunn et al. 2020, npj Comput. Mater. 6, 138), on its official folds."""

import csv
import gzip
import json
import os
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from mlsci.data.download import data_dir, fetch, find
from mlsci.data.spec import DataSpec
from mlsci.data.split import Split
from mlsci.data.table import Table
from mlsci.errors import ConfigError, DownloadError, MlsciError
from mlsci.science.composition import fractions
from mlsci.science.elements import atomic_number, numbers

ORIGIN = "https://ml.materialsproject.org/projects"
FOLDS, FOLD_SEED = 5, 18012019  # of the benchmark


@dataclass(kw_only=True, eq=False)
class Matbench(Table):
    """Compositions as sets (elements, 2) of (atomic number, share of the atoms), zeros at the end, and one target.

    The test part is the official fold `fold`, 0 to 4; `val_fraction` of the other four is the validation part.
    The origin is converted to a table `mbid, composition, <target>, fold` that is checked by its sha256.
    A subclass says its `task`, `column` and `sha256`, and how a cell of the column is read.

    Args:
        elements: rows of a set, at least as many as a composition has elements.

    Raises:
        ConfigError: another fold, `folds` or `test_fraction` that are not the official ones, fewer than two elements.
    """

    elements: int = 4
    val_fraction: float = 0.05
    task: ClassVar[str]
    column: ClassVar[str]
    sha256: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.fold < FOLDS:
            raise ConfigError(f"data.fold: expected 0 to {FOLDS - 1}, got {self.fold}")
        if self.folds not in (None, FOLDS):
            raise ConfigError(f"data.folds: the folds of the benchmark are {FOLDS}, got {self.folds}")
        if self.elements < 2:
            raise ConfigError(f"data.elements: expected at least 2, got {self.elements}")

    @abstractmethod
    def value(self, cell: str) -> float:
        """The number that a cell of the target column stands for."""

    @property
    def file(self) -> str:
        """The table, below the folder of the data."""
        return f"matbench/matbench_{self.task}.csv"

    @property
    def url(self) -> str:
        """Where the compositions and targets come from."""
        return f"{ORIGIN}/matbench_{self.task}.json.gz"

    def prepare_data(self) -> None:
        """Fetch and convert the file where it is not there yet."""
        path = data_dir() / self.file
        if self.files is not None or path.is_file():
            return
        source = fetch(f"matbench/matbench_{self.task}.json.gz", url=self.url, sha256=None)
        scratch = path.with_name(f".{path.stem}.{os.getpid()}.csv")
        convert(source, scratch, column=self.column, prefix=f"mb-{self.task.replace('_', '-')}")
        scratch.replace(path)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Sets (N, elements, 2), and targets (N, 1) or class numbers (N,)."""
        path = find(self.file, files=self.files, url=self.url, sha256=self.sha256)
        with path.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        self._folds = np.array([int(row["fold"]) for row in rows])
        targets = np.array([self.value(row[self.column]) for row in rows])
        sets = as_sets([row["composition"] for row in rows], elements=self.elements)
        return sets, targets if self.shapes().classes else targets[:, None]

    def parts(self, targets: np.ndarray) -> Split:
        """The official fold for testing; a validation part from the other four."""
        rest, test = np.flatnonzero(self._folds != self.fold), np.flatnonzero(self._folds == self.fold)
        kept = targets[rest] if self.shapes().classes else None
        train, val = train_test_split(rest, test_size=self.val_fraction, random_state=self.split_seed, stratify=kept)
        return Split(train=np.sort(train), val=np.sort(val), test=test)

    def fake(self, folder: Path) -> None:
        """200 made-up compositions of metals and anions whose target follows the share of the anion."""
        draw = np.random.default_rng(0)
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["mbid", "composition", self.column, "fold"])
            for place in range(200):
                metal, anion = draw.choice(["Na", "Mg", "Fe", "Cu", "Ga"]), draw.choice(["O", "S", "Se", "Cl"])
                amount = int(draw.integers(1, 10))
                formula = (
                    f"{metal}0.5({metal}{anion}{amount})2" if place % 2 else f"{metal}{10 - amount}{anion}{amount}"
                )
                writer.writerow([f"mb-fake-{place + 1:04d}", formula, self.made_up(amount / 10), place % FOLDS])

    @abstractmethod
    def made_up(self, share: float) -> Any:
        """A cell of the target column for a made-up composition."""


@dataclass(kw_only=True, eq=False)
class ExptGap(Matbench):
    """4604 inorganic solids and their measured band gap [eV], 0 for metals (Zhuo et al. 2018, JPCL 9, 1668)."""

    task = "expt_gap"
    column = "gap expt"
    sha256 = "df3cbe72e26ec41fc1adfacfec352d1efb123e6359aab79cbf75e324e2df91bf"

    def value(self, cell: str) -> float:
        """The gap [eV]."""
        return float(cell)

    def made_up(self, share: float) -> float:
        """A gap [eV] that grows with the share of the anion."""
        return round(max(0.0, 5 * share - 1.5), 2)

    def shapes(self) -> DataSpec:
        """A set of elements in, one gap out."""
        return DataSpec(inputs=(self.elements, 2), targets=(1,), target_names=("gap",), units={"gap": "eV"})


@dataclass(kw_only=True, eq=False)
class ExptIsMetal(Matbench):
    """4921 inorganic solids, metal or not by experiment (Zhuo et al. 2018, JPCL 9, 1668)."""

    task = "expt_is_metal"
    column = "is_metal"
    sha256 = "481dc707e309153fc29cdabaa172b41baf0d7d87189ab3d011d7f75644f4b228"

    def value(self, cell: str) -> float:
        """1 for a metal. Raises MlsciError for something other than True or False."""
        if cell not in ("True", "False"):
            raise MlsciError(f"{self.file}: {self.column}: expected True or False, got '{cell}'")
        return float(cell == "True")

    def made_up(self, share: float) -> bool:
        """A metal where the anion is rare."""
        return share < 0.45

    def shapes(self) -> DataSpec:
        """A set of elements in, two classes out; the metal is the positive one."""
        return DataSpec(inputs=(self.elements, 2), classes=("not a metal", "metal"))


def as_sets(formulas: list[str], *, elements: int) -> np.ndarray:
    """Formulas as (N, elements, 2): atomic number and share of each element, then zeros.

    Raises:
        MlsciError: a formula cannot be read, names no element, or has more than `elements`.
    """
    known = numbers()
    sets = np.zeros((len(formulas), elements, 2))
    for row, formula in enumerate(formulas):
        shares = fractions(formula)
        if len(shares) > elements:
            raise MlsciError(f"{formula} has {len(shares)} elements, data.elements={elements} has no room for them")
        for place, (symbol, share) in enumerate(shares.items()):
            sets[row, place] = known.get(symbol) or atomic_number(symbol), share
    return sets


def convert(source: Path, path: Path, *, column: str, prefix: str) -> None:
    """Write the table with the official folds from the benchmark's own file.

    The folds are scikit-learn's KFold, or StratifiedKFold for True and False, shuffled with the benchmark's seed.

    Raises:
        DownloadError: the file does not hold compositions and targets.
    """
    try:
        found = json.loads(gzip.decompress(source.read_bytes()))
        places = [found["columns"].index(name) for name in ("composition", column)]
        rows = [[row[place] for place in places] for row in found["data"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DownloadError(f"{source}: expected JSON with 'columns' (composition, {column}) and 'data'") from error
    targets = np.array([row[1] for row in rows])
    splitter = StratifiedKFold if targets.dtype == bool else KFold
    folds = np.zeros(len(rows), dtype=int)
    for number, (_, test) in enumerate(splitter(FOLDS, shuffle=True, random_state=FOLD_SEED).split(targets, targets)):
        folds[test] = number
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["mbid", "composition", column, "fold"])
        for place, (row, fold) in enumerate(zip(rows, folds, strict=True)):
            writer.writerow([f"{prefix}-{place + 1:04d}", *row, fold])
