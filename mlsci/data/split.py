"""Train, validation and test parts by fractions or folds, optionally with equal shares of the classes."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split


@dataclass(frozen=True, kw_only=True)
class Split:
    """Index arrays of the three parts."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def split(
    n: int,
    *,
    seed: int,
    test_fraction: float,
    val_fraction: float,
    folds: int | None = None,
    fold: int = 0,
    labels: np.ndarray | None = None,
) -> Split:
    """Split `n` samples: a test part (a fraction, or fold number `fold` of `folds`), then a validation part.

    `val_fraction` counts within what is left for training. `labels` keeps their shares equal in all parts.

    Raises:
        ValueError: a fraction outside (0, 1), or a fold that is not there.
    """
    for name, value in (("test_fraction", test_fraction), ("val_fraction", val_fraction)):
        if not 0 < value < 1:
            raise ValueError(f"{name}: expected a number between 0 and 1, got {value}")
    indices = np.arange(n)
    if folds is None:
        rest, test = train_test_split(indices, test_size=test_fraction, random_state=seed, stratify=labels)
    else:
        rest, test = _fold(indices, folds=folds, fold=fold, seed=seed, labels=labels)
    kept = None if labels is None else labels[rest]
    train, val = train_test_split(rest, test_size=val_fraction, random_state=seed, stratify=kept)
    return Split(train=np.sort(train), val=np.sort(val), test=np.sort(test))


def _fold(
    indices: np.ndarray, *, folds: int, fold: int, seed: int, labels: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    if folds < 2:
        raise ValueError(f"folds: expected at least 2, got {folds}")
    if not 0 <= fold < folds:
        raise ValueError(f"fold: expected 0 to {folds - 1}, got {fold}")
    splitter = (KFold if labels is None else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    return list(splitter.split(indices, labels))[fold]
