"""Which time window is in training."""

import pytest

from mlsci.errors import ConfigError
from mlsci.science.collocation.windows import Whole, Windows


def test_windows_share_the_epochs():
    window = Windows(count=3)
    assert [window.at_epoch(epoch, epochs=10) for epoch in range(10)] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_windows_of_a_given_length_leave_the_rest_to_the_last():
    window = Windows(count=3, epochs=2)
    assert [window.at_epoch(epoch, epochs=100) for epoch in range(8)] == [0, 0, 1, 1, 2, 2, 2, 2]


def test_fewer_epochs_than_windows_are_one_each():
    assert [Windows(count=5).at_epoch(epoch, epochs=2) for epoch in range(2)] == [0, 1]


def test_one_window_is_always_the_first():
    for window in (Windows(), Whole()):
        assert window.count == 1
        assert window.at_epoch(99, epochs=100) == 0


@pytest.mark.parametrize("setting", [{"count": 0}, {"count": 2, "epochs": 0}])
def test_less_than_one_is_refused(setting):
    with pytest.raises(ConfigError, match="expected at least 1, got 0"):
        Windows(**setting)
