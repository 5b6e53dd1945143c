"""Cases of a law in closed form as a data set: a study measures each case, theory says what it should find."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, TensorDataset

from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import DownloadError
from mlsci.science.exact.law import Law

FILE = "cases.csv"


@dataclass(kw_only=True, eq=False)
class Exact(Data):
    """Cases (N, k) and exact answers (N, m) in float64; the training and the test part are the same.

    Args:
        law: gives cases and answers. With `files` the cases are the rows of cases.csv in that folder.
    """

    law: Law

    def fake(self, folder: Path) -> None:
        """The few cases that are cheap."""
        np.savetxt(folder_made(folder) / FILE, self.law.few().numpy(), delimiter=",")

    def datasets(self) -> Mapping[str, Dataset]:
        """Nothing is learned from the answers, so that both parts hold all cases."""
        cases = self.law.cases() if self.files is None else self._read()
        part = TensorDataset(cases, self.law.answers(cases))
        return {"train": part, "test": part}

    def _read(self) -> torch.Tensor:
        path = Path(str(self.files)) / FILE
        if not path.is_file():
            raise DownloadError(f"data.files: {path}: no such file; data.files=null takes the cases of the law")
        return torch.from_numpy(np.loadtxt(path, delimiter=",", ndmin=2))

    def declare(self) -> DataSpec:
        """One case in, its answers out."""
        cases, answers = self.law.case_names, self.law.answer_names
        return DataSpec(
            inputs=(len(cases),), targets=(len(answers),), input_names=tuple(cases), target_names=tuple(answers)
        )

    def notes(self) -> Mapping[str, Any]:
        """The law, for figures that draw it between the cases."""
        return {"law": self.law}


def folder_made(folder: Path) -> Path:
    """The folder, which now exists."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
