"""Inputs and predictions as .npz and .csv files."""

import csv
from pathlib import Path

import numpy as np

from mlsci.data.spec import DataSpec
from mlsci.errors import MlsciError


def read(path: Path, spec: DataSpec) -> np.ndarray:
    """Inputs (N, *spec.inputs) from a file.

    An .npz file holds them as `inputs`, or as its only array. A .csv file has a header; columns are taken
    by the names of the data where it has them, in order otherwise; pictures are rows of flattened pixels.

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
    if values.shape[1:] != spec.inputs:
        raise MlsciError(f"{path}: inputs of shape {values.shape}, expected (N, {', '.join(map(str, spec.inputs))})")
    return values


def _read_npz(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as archive:
        names = list(archive)
        name = "inputs" if "inputs" in names else (names[0] if len(names) == 1 else None)
        if name is None:
            raise MlsciError(f"{path}: expected an array 'inputs', got {', '.join(names)}")
        return archive[name]


def _read_csv(path: Path, spec: DataSpec) -> np.ndarray:
    with path.open(newline="") as stream:
        rows = [row for row in csv.reader(stream) if row]
    if len(rows) < 2:
        raise MlsciError(f"{path}: expected a header and at least one row")
    header, body = rows[0], rows[1:]
    wanted = list(spec.input_names or [])
    if wanted and set(wanted) <= set(header):
        columns = [header.index(name) for name in wanted]
    elif len(header) == spec.in_features:
        columns = list(range(len(header)))
    else:
        missing = [name for name in wanted if name not in header]
        raise MlsciError(f"{path}: columns {', '.join(header)}; missing: {', '.join(missing) or spec.in_features}")
    try:
        values = np.array([[float(row[i]) for i in columns] for row in body])
    except (ValueError, IndexError) as error:
        raise MlsciError(f"{path}: a row that is not made of numbers: {error}") from error
    return values.reshape(len(values), *spec.inputs)


def write(path: Path, predictions: np.ndarray, spec: DataSpec) -> Path:
    """Predictions to a file: class probabilities and the likeliest class, or a column a target.

    Raises:
        MlsciError: an unknown ending, or a folder that cannot be written.
    """
    if path.suffix not in {".npz", ".csv"}:
        raise MlsciError(f"{path}: expected a .npz or .csv file")
    names = [f"p({name})" for name in spec.classes] if spec.classes else list(spec.target_names or [])
    flat = predictions.reshape(len(predictions), -1)
    if len(names) != flat.shape[1]:
        names = [f"y{i}" for i in range(flat.shape[1])]
    labels = [spec.classes[i] for i in flat.argmax(1)] if spec.classes else None
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
