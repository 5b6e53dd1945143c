"""Parts by counts and fractions: disjoint, covering, nested for smaller training parts, fixed by the seed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsci.data.parts import Sizes, cut
from mlsci.errors import ConfigError


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(20, 300),
    val=st.sampled_from([0, 3, 0.1]),
    test=st.sampled_from([0, 5, 0.25]),
    seed=st.integers(0, 99),
)
def test_every_frame_is_in_one_part(n, val, test, seed):
    parts = cut({"train": range(n)}, Sizes(train=None, val=val, test=test), seed=seed)
    assert sorted(sum(parts.values(), [])) == list(range(n))  # noqa: RUF017 - three short lists
    assert len(parts.get("val", [])) == (val if val >= 1 or not val else round(val * n))
    assert len(parts.get("test", [])) == (test if test >= 1 or not test else round(test * n))


def test_a_smaller_training_part_is_the_beginning_of_a_larger_one():
    whole = range(1000)
    large, small = (cut({"train": whole}, Sizes(train=n, val=50, test=0.2), seed=3) for n in (450, 0.05))
    assert len(small["train"]) == 50
    assert set(small["train"]) < set(large["train"])
    assert (small["val"], small["test"]) == (large["val"], large["test"])


def test_the_seed_decides():
    sizes = Sizes(train=None, val=10, test=10)
    first, same, other = (cut({"train": range(100)}, sizes, seed=seed) for seed in (0, 0, 1))
    assert first == same != other


def test_parts_that_are_given_are_not_cut():
    given_parts = {"train": range(10), "test": range(100, 103)}
    parts = cut(given_parts, Sizes(train=None, val=2, test=0.5), seed=0)
    assert (len(parts["train"]), len(parts["val"])) == (8, 2)
    assert parts["test"] == [100, 101, 102]
    assert set(cut(given_parts, Sizes(train=None, val=0, test=0.5), seed=0)) == {"train", "test"}


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"val": -1}, "data.val_size: expected a count or a fraction below 1, got -1"),
        ({"test": 1.5}, "data.test_size: expected a count or a fraction below 1, got 1.5"),
        ({"train": True}, "data.train_size: expected a count or a fraction below 1, got True"),
        ({"train": 0}, "data.train_size: expected at least one frame, got 0"),
        ({"train": 9, "val": 2}, "10 frames do not give 9 for training, 2 for validation and 0 for test"),
        ({"val": 5, "test": 5}, "10 frames do not give 1 for training, 5 for validation and 5 for test"),
    ],
)
def test_sizes_that_cannot_be_are_messages(sizes, words):
    with pytest.raises(ConfigError, match=words):
        cut({"train": range(10)}, Sizes(**{"train": None, "val": 0, "test": 0, **sizes}), seed=0)
