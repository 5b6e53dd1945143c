"""Splits: disjoint, covering, stratified, and the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsci.data.digits import Digits
from mlsci.data.split import split
from mlsci.errors import ConfigError

HALF = {"test_fraction": 0.2, "val_fraction": 0.1}


def parts(found) -> list[np.ndarray]:
    """The three index arrays."""
    return [found.train, found.val, found.test]


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(10, 300),
    seed=st.integers(0, 1000),
    test_fraction=st.floats(0.1, 0.6),
    val_fraction=st.floats(0.2, 0.6),
)
def test_every_sample_is_in_one_part(n, seed, test_fraction, val_fraction):
    found = split(n, seed=seed, test_fraction=test_fraction, val_fraction=val_fraction)
    assert sorted(np.concatenate(parts(found)).tolist()) == list(range(n))
    assert abs(len(found.test) - test_fraction * n) <= 1


@pytest.mark.parametrize("stratified", [False, True])
def test_folds_are_a_partition_of_the_samples(stratified):
    labels = np.arange(103) % 3 if stratified else None
    found = [split(103, seed=1, **HALF, folds=5, fold=k, labels=labels) for k in range(5)]
    assert sorted(np.concatenate([f.test for f in found]).tolist()) == list(range(103))
    for one in found:
        assert sorted(np.concatenate(parts(one)).tolist()) == list(range(103))
        assert len(one.test) in {20, 21}


def test_parts_keep_the_shares_of_the_classes():
    labels = (np.arange(1000) % 10 == 0).astype(int)
    for found in (
        split(1000, seed=0, **HALF, labels=labels),
        split(1000, seed=0, **HALF, labels=labels, folds=4, fold=2),
    ):
        for index in parts(found):
            assert labels[index].mean() == pytest.approx(0.1, abs=0.01)


def test_the_seed_decides():
    one, same, other = (split(200, seed=seed, **HALF) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(parts(one), parts(same), strict=True))
    assert not np.array_equal(one.test, other.test)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"test_fraction": 0.0}, "data.test_fraction: expected a number between 0 and 1, got 0.0"),
        ({"test_fraction": 1.5}, "data.test_fraction: expected a number between 0 and 1, got 1.5"),
        ({"val_fraction": 1.0}, "data.val_fraction: expected a number between 0 and 1, got 1.0"),
        ({"folds": 5, "fold": 5}, "data.fold: expected 0 to 4, got 5"),
        ({"folds": 5, "fold": -1}, "data.fold: expected 0 to 4, got -1"),
        ({"folds": 1, "fold": 0}, "data.folds: expected at least 2, got 1"),
    ],
)
def test_a_split_that_cannot_be_is_a_message(options, words):
    with pytest.raises(ConfigError, match=words):
        Digits(**options).setup()


def test_the_split_of_a_data_set_does_not_depend_on_its_training_seed():
    one, other = Digits(seed=0), Digits(seed=1)
    one.setup()
    other.setup()
    assert one.split("test").tensors[1].tolist() == other.split("test").tensors[1].tolist()
    third = Digits(split_seed=1)
    third.setup()
    assert one.split("test").tensors[1].tolist() != third.split("test").tensors[1].tolist()
