"""Data that is computed once and kept: files whose names hold a checksum of settings and generating code."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from rich.console import Console

from mlsci.data.download import data_dir
from mlsci.errors import DownloadError


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Arrays by name, computed by `make` and kept as .npz in the data folder.

    Args:
        name: folder and stem of the file.
        settings: plain values that the arrays depend on, the seed among them.
        code: modules that the arrays depend on. What they compute counts, comments and docstrings do not.
        make: computes the arrays.
    """

    name: str
    settings: Mapping[str, Any]
    code: tuple[ModuleType, ...]
    make: Callable[[], dict[str, np.ndarray]]

    @property
    def file(self) -> str:
        """`name` with the checksum, such as operators/burgers_0123456789ab.npz."""
        told = {"settings": dict(self.settings), "code": [instructions(module) for module in self.code]}
        key = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]
        return f"{self.name}_{key}.npz"

    def prepare(self, files: str | None) -> None:
        """Compute what is not in the data folder yet.

        Raises:
            DownloadError: the folder `files` lacks it.
        """
        path = self._path(files)
        if path.is_file():
            return
        if files is not None:
            raise DownloadError(f"data.files: {path}: no such file; data.files=null computes it")
        with Console(stderr=True).status(f"computing {self.file}, once"):
            self.write(data_dir(), self.make())

    def load(self, files: str | None) -> dict[str, np.ndarray]:
        """The arrays, which `prepare` has seen to."""
        with np.load(self._path(files)) as found:
            return {name: found[name] for name in found}

    def write(self, folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
        """The file, whole or not at all."""
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}.{os.getpid()}.npz")
        np.savez(part, **arrays)  # type: ignore[arg-type]
        os.replace(part, path)

    def _path(self, files: str | None) -> Path:
        return (data_dir() if files is None else Path(files)) / self.file


def in_threads(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The results of `work` in the order of `items`, computed on all cores that this process may use.

    Items are drawn here, one after the other and only as many ahead as there are cores, so that what makes them from
    random numbers makes the same ones on any machine and a few lie in memory. `work` is to be numpy's or scipy's.
    """
    items = iter(items)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        pending = deque(pool.submit(work, item) for item in islice(items, cores))
        while pending:
            yield pending.popleft().result()
            pending.extend(pool.submit(work, item) for item in islice(items, 1))


def instructions(module: ModuleType) -> str:
    """The source of a module without comments, docstrings and layout."""
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        if documented and isinstance(body, list):
            body[0] = ast.Pass()
    return ast.unparse(tree)
