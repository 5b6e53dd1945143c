"""Inputs and predictions as .npz and .csv files."""

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlsci.data.spec import DataSpec
from mlsci.errors import MlsciError


def read(path: Path, spec: DataSpec) -> np.ndarray:
    """Inputs (N, *spec.inputs) from a file.

    An .npz file holds them as `inputs`, or as its only array. A .csv file has a header; columns are taken
    by the names of the data, in order where the data has none; pictures are rows of flattened pixels.

    Raises:
        MlsciError: no such file, an unknown ending, a missing column, a value that is no number, a wrong shape.
    """
    if not path.is_file():
        raise MlsciError(f"{path}: no such file")
    if path.suffix == ".npz":
        values = _read_npz(path)
    elif path.suffix == ".csv":
        values = _read_csv(path, spec)
    else:
        raise MlsciError(f"{path}: expected a .npz or .csv file")
    if values.ndim == 0 or values.shape[1:] != spec.inputs:
        raise MlsciError(f"{path}: inputs of shape {values.shape}, expected (N, {', '.join(map(str, spec.inputs))})")
    if len(values) == 0:
        raise MlsciError(f"{path}: no rows")
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if bad.any():
        raise MlsciError(f"{path}: row {int(bad.argmax())} (counted from 0) holds NaN or infinity")
    return values


def _read_npz(path: Path) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive)
            name = "inputs" if "inputs" in names else (names[0] if len(names) == 1 else None)
            values = None if name is None else archive[name]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise MlsciError(f"{path}: damaged, or no .npz file of numbers: {error}") from error
    if values is None:
        raise MlsciError(f"{path}: expected an array 'inputs', got {', '.join(names)}")
    if values.dtype.kind not in "biuf":
        raise MlsciError(f"{path}: expected real numbers, got an array of {values.dtype}")
    return values


def _read_csv(path: Path, spec: DataSpec) -> np.ndarray:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:  # spreadsheets begin with a byte-order mark
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MlsciError(f"{path}: cannot be read as text: {error}") from error
    if len(rows) < 2:
        raise MlsciError(f"{path}: expected a header and at least one row")
    header, body = [name.strip() for name in rows[0]], rows[1:]
    if _is_numbers(header) and header != [str(i) for i in range(len(header))]:
        raise MlsciError(f"{path}: expected a header in the first line, got numbers")
    wanted = list(spec.input_names or [])
    if wanted and set(wanted) <= set(header):
        columns = [header.index(name) for name in wanted]
    elif not wanted and len(header) == spec.in_features:
        columns = list(range(len(header)))
    else:
        missing = [name for name in wanted if name not in header]
        lacking = f"missing: {', '.join(missing)}" if missing else f"expected {spec.in_features}"
        raise MlsciError(f"{path}: {len(header)} columns ({_shortened(header)}); {lacking}")
    values = [_numbers(row, columns, place=f"{path}: row {i}") for i, row in enumerate(body)]
    return np.array(values).reshape(len(values), *spec.inputs)


def _is_numbers(cells: list[str]) -> bool:
    try:
        return bool([float(cell) for cell in cells])
    except ValueError:
        return False


def _numbers(row: list[str], columns: list[int], *, place: str) -> list[float]:
    if len(row) <= max(columns):
        raise MlsciError(f"{place} (counted from 0, after the header) has {len(row)} values, too few")
    try:
        return [float(row[i]) for i in columns]
    except ValueError as error:
        raise MlsciError(f"{place} (counted from 0, after the header): {error}") from error


def _shortened(names: list[str]) -> str:
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def write(path: Path, predictions: np.ndarray, spec: DataSpec, *, names: Sequence[str] | None = None) -> Path:
    """Predictions to a file: class probabilities and the likeliest class, or a column a target.

    `names` are those of the columns where the model answers something else than targets, such as an anomaly score.

    Raises:
        MlsciError: an unknown ending, or a folder that cannot be written.
    """
    if path.suffix not in {".npz", ".csv"}:
        raise MlsciError(f"{path}: expected a .npz or .csv file")
    classes = spec.classes if names is None else None
    names = [f"p({name})" for name in classes] if classes else list(names or spec.target_names or [])
    flat = predictions.reshape(len(predictions), -1)
    if len(names) != flat.shape[1]:
        names = [f"y{i}" for i in range(flat.shape[1])]
    labels = [classes[i] for i in flat.argmax(1)] if classes else None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npz":
            extra = {} if labels is None else {"labels": np.array(labels)}
            np.savez(path, predictions=predictions, **extra)  # type: ignore[arg-type]
        else:
            _write_csv(path, names, flat, labels)
    except OSError as error:
        raise MlsciError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def _write_csv(path: Path, names: list[str], values: np.ndarray, labels: list[str] | None) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names if labels is None else ["class", *names])
        for i, row in enumerate(values):
            numbers = [f"{value:.8g}" for value in row]
            writer.writerow(numbers if labels is None else [labels[i], *numbers])
