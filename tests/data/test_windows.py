"""Windows of series: which values they hold, that no part sees another, and what is refused."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from mlsci.data.windows import Windows, cut, moments
from mlsci.errors import ConfigError, MlsciError


@dataclass(kw_only=True, eq=False)
class Given(Windows):
    """A series from memory: value = time step, plus 1000 times the number of the variable."""

    length: int = 100
    features: int = 2
    spoilt_after: int | None = None  # time step from which on every value is another one

    def series(self) -> np.ndarray:
        values = np.arange(self.length)[:, None] + 1000.0 * np.arange(self.features)
        if self.spoilt_after is not None:
            values[self.spoilt_after :] = -7e6 * values[self.spoilt_after :] ** 2
        return values

    def names(self):
        return {f"v{i}": "m" for i in range(self.features)}


def made(**options) -> Given:
    data = Given(**{"look_back": 8, "horizon": 4, **options})
    data.setup()
    return data


def tensors(data: Windows, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    return data.split(part).tensors


@pytest.mark.parametrize(("stride", "count"), [(1, 89), (3, 30), (100, 1)])
def test_a_window_is_a_past_and_what_follows(stride, count):
    series = torch.arange(200.0).reshape(100, 2)
    past, future = cut(series, look_back=8, horizon=4, stride=stride)
    assert past.shape == (count, 8, 2)
    assert future.shape == (count, 4, 2)
    for window in range(count):
        start = window * stride
        assert torch.equal(past[window], series[start : start + 8])
        assert torch.equal(future[window], series[start + 8 : start + 12])


def test_windows_take_no_memory_of_their_own():
    series = torch.zeros(1000, 3)
    parts = cut(series, look_back=100, horizon=50, stride=1)
    assert {part.untyped_storage().data_ptr() for part in parts} == {series.untyped_storage().data_ptr()}


def test_every_target_is_in_one_part_and_none_is_left_out():
    data = made(horizon=1)
    times = {part: tensors(data, part)[1][:, 0, 0].tolist() for part in ("train", "val", "test")}
    assert times == {"train": list(range(8, 70)), "val": list(range(70, 80)), "test": list(range(80, 100))}


def test_no_target_of_a_part_is_a_target_of_another_at_a_longer_horizon():
    data = made()
    seen = {part: set(tensors(data, part)[1][..., 0].flatten().tolist()) for part in ("train", "val", "test")}
    assert seen["train"] == set(range(8, 70))
    assert seen["val"] == set(range(70, 80))
    assert seen["test"] == set(range(80, 100))


@pytest.mark.parametrize("options", [{}, {"scaled": True}, {"scaled": True, "pooled": True}])
def test_training_knows_nothing_of_what_comes_after_it(options):
    clean, spoilt = made(**options), made(spoilt_after=70, **options)
    assert clean.spec.statistics == spoilt.spec.statistics
    for before, after in zip(tensors(clean, "train"), tensors(spoilt, "train"), strict=True):
        assert torch.equal(before, after)
    assert not torch.equal(tensors(clean, "val")[1], tensors(spoilt, "val")[1])
    first = 1 if not options.get("pooled") else 2  # the past of the first window ends where training ends
    assert torch.equal(tensors(clean, "val")[0][:first], tensors(spoilt, "val")[0][:first])


def test_validation_knows_nothing_of_the_test_part():
    clean, spoilt = made(scaled=True), made(scaled=True, spoilt_after=80)
    for part in ("train", "val"):
        for before, after in zip(tensors(clean, part), tensors(spoilt, part), strict=True):
            assert torch.equal(before, after)


def test_statistics_are_those_of_the_training_part_alone():
    found = made().spec.statistics
    expected = np.arange(70.0)
    np.testing.assert_allclose(found["inputs"]["mean"], [expected.mean(), 1000 + expected.mean()])
    np.testing.assert_allclose(found["targets"]["std"], [expected.std()] * 2)


def test_scaled_series_have_mean_0_and_deviation_1_over_the_training_part():
    data = made(scaled=True, horizon=1, look_back=1)
    past, _ = tensors(data, "train")
    values = (np.arange(70) - np.arange(70.0).mean()) / np.arange(70.0).std()
    np.testing.assert_allclose(past[:, 0, 0], values[:-1], atol=1e-6)
    assert data.spec.statistics["inputs"] == {"mean": [0.0, 0.0], "std": [1.0, 1.0]}
    assert set(data.spec.units.values()) == {"std"}


def test_pooled_variables_are_series_of_their_own():
    plain, pooled = made(scaled=True), made(scaled=True, pooled=True)
    assert pooled.spec.inputs == (8, 1)
    x, y = tensors(plain, "test")
    one_x, one_y = tensors(pooled, "test")
    assert one_x.shape == (2 * len(x), 8, 1)
    assert torch.equal(one_x.reshape(len(x), 2, 8).transpose(1, 2), x)
    assert torch.equal(one_y.reshape(len(y), 2, 4).transpose(1, 2), y)


def test_a_net_is_told_the_values_that_it_gives_at_once():
    assert made(features=3).spec.out_features == 12
    data = made(features=3, steps=2, train_horizon=6)
    assert (data.spec.in_features, data.spec.out_features, data.spec.targets) == (24, 6, (4, 3))
    assert tensors(data, "train")[1].shape[1] == 6
    assert tensors(data, "test")[1].shape[1] == 4


def test_a_constant_variable_has_deviation_1():
    mean, std = moments(np.column_stack([np.full(9, 3.0), np.arange(9.0)]))
    np.testing.assert_allclose(mean, [3, 4])
    np.testing.assert_allclose(std, [1, np.arange(9.0).std()])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"look_back": 0}, r"data\.look_back: expected at least 1, got 0"),
        ({"steps": -1}, r"data\.steps: expected at least 1, got -1"),
        ({"val_fraction": 1.5}, r"data\.val_fraction: expected a fraction between 0 and 1, got 1\.5"),
        ({"pooled": True}, r"data\.pooled: .* need data\.scaled=true"),
        ({"horizon": 11}, r"data\.look_back, data\.horizon: 8 \+ 11 values do not fit into the 18 of the val part"),
    ],
)
def test_what_does_not_fit_is_named(options, message):
    with pytest.raises(ConfigError, match=message):
        made(**options)


def test_a_series_that_is_not_finite_is_refused():
    class Holes(Given):
        def series(self):
            values = super().series()
            values[75, 1] = np.nan
            return values

    with pytest.raises(MlsciError, match="Holes: the val part is not finite at time step 13"):
        Holes(look_back=8, horizon=4).setup()
