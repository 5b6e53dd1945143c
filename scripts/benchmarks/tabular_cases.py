"""The tables of the comparison with scikit-learn: parts in memory, standardised as both sides see them."""

from dataclasses import dataclass

import numpy as np
import torch

from mlsci.data.breast_cancer import BreastCancer
from mlsci.data.diabetes import Diabetes
from mlsci.data.digits import Digits
from mlsci.data.photoz import PhotoZ
from mlsci.data.table import Table


@dataclass(frozen=True)
class Case:
    """A table, and how our command line asks for it.

    Args:
        data: the class of the data.
        overrides: of `mlsci train`, that give the same table.
        recipe: overrides of the experiment with its own recipe, or none.
    """

    data: type[Table]
    overrides: tuple[str, ...]
    recipe: tuple[str, ...] = ()


CASES = {
    "breast_cancer": Case(BreastCancer, ("data=breast_cancer",), ("experiment=tables/breast_cancer",)),
    "digits": Case(Digits, ("data=digits",)),
    "diabetes": Case(Diabetes, ("data=diabetes",), ("experiment=tables/diabetes",)),
    "photoz": Case(PhotoZ, ("data=photoz", "objective=regression")),
}


@dataclass(frozen=True)
class Parts:
    """One split: inputs (N, features) in deviations from the mean of the training part, targets as they are.

    Args:
        train: inputs and targets, class numbers (N,) or values (N,).
        test: the same.
        classes: their number; 0: values.
        pictures: the raw test inputs, as our model takes them.
    """

    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    classes: int
    pictures: torch.Tensor


def parts(case: Case, *, seed: int) -> Parts:
    """The split of a seed, with the validation part left out on both sides."""
    data = case.data(split_seed=seed)
    data.prepare_data()
    data.setup()
    spec = data.spec
    if spec is None:
        raise RuntimeError(f"{case.data.__name__} has no spec after its set-up")
    mean, std = (np.asarray(spec.statistics["inputs"][name]) for name in ("mean", "std"))
    found = {}
    for name in ("train", "test"):
        x, y = data.split(name).tensors  # type: ignore[attr-defined]
        found[name] = ((x.double().numpy() - mean) / std).reshape(len(x), -1), y.reshape(-1).numpy()
    raw = data.split("test").tensors[0]  # type: ignore[attr-defined]
    return Parts(train=found["train"], test=found["test"], classes=len(spec.classes or ()), pictures=raw)


def score(answers: np.ndarray, truth: np.ndarray, *, classes: int) -> float:
    """Accuracy in % of probabilities (N, classes), or the root mean square error of values (N,)."""
    if classes:
        return 100 * float((answers.argmax(axis=1) == truth).mean())
    return float(np.sqrt(np.mean((answers.reshape(-1) - truth) ** 2)))
