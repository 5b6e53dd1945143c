"""The operator model: relative errors, the finer grid, and nets that know one grid only."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from mlsci.metrics.relative import MeanRelativeL2
from mlsci.models.losses import RelativeL2Loss
from mlsci.models.operator import Operator
from mlsci.nets.scaling import Standardise
from mlsci.nets.symmetries import SquareSymmetries

SCALE = Standardise(mean=0.0, std=0.01)


class Doubled(nn.Module):
    """2 x, and 1 % more on every grid but that of 8 points."""

    def forward(self, x):
        return (2.0 if x.shape[-1] == 8 else 2.02) * x


class OneGrid(nn.Module):
    def forward(self, x):
        if x.shape[-1] != 8:
            raise ValueError(f"expected (B, 1, 8), got {tuple(x.shape)}")
        return 2.1 * x


def data(**parts):
    return SimpleNamespace(
        has=parts.__contains__, split=lambda name: TensorDataset(parts[name], 0.02 * parts[name] / 1.01)
    )


def model(net: nn.Module) -> Operator:
    return Operator(
        net=net,
        criterion=RelativeL2Loss(),
        metrics={"relative_l2": MeanRelativeL2()},
        targets=SCALE,
        shape=(1, 8),
    )


def test_the_finer_grid_is_tested_beside_the_other():
    found = model(Doubled()).final_metrics(data(test=torch.randn(5, 1, 8), finer=torch.randn(5, 1, 16)))
    assert found["test/relative_l2_finer"] == pytest.approx(1.01 * 1.01 - 1, rel=1e-4)
    assert found["test/relative_l2_finer_ratio"] == pytest.approx((1.01 * 1.01 - 1) / 0.01, rel=1e-3)
    assert model(Doubled()).final_metrics(data(test=torch.randn(5, 1, 8))) == {}


def test_a_net_of_one_grid_has_no_such_value():
    found = model(OneGrid()).final_metrics(data(test=torch.randn(5, 1, 8), finer=torch.randn(5, 1, 16)))
    assert all(math.isnan(value) for value in found.values())
    assert len(found) == 2


def test_loss_and_metric_are_the_mean_of_relative_errors_in_any_unit():
    x, y = torch.randn(7, 1, 8), torch.randn(7, 1, 8)
    expected = sum(float((2 * 0.01 * x[i] - y[i]).norm() / y[i].norm()) for i in range(7)) / 7
    net = model(Doubled())
    assert float(net.loss((x, y))[0]) == pytest.approx(expected, rel=1e-5)
    metric = MeanRelativeL2()
    for rows in (slice(0, 3), slice(3, 7)):
        metric.update(net.predict(x[rows]), y[rows])
    assert float(metric.compute()) == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(net.predict(x), net(x))


class Corner(nn.Module):
    """A value that only the upper left corner decides."""

    def forward(self, x):
        return x[..., :1, :1].expand_as(x)


def test_symmetries_change_training_and_average_evaluation():
    symmetric = Operator(net=Corner(), criterion=RelativeL2Loss(), symmetries=SquareSymmetries(), shape=(1, 4, 4))
    x = torch.randn(64, 1, 4, 4)
    corners = x[..., 0, 0] + x[..., 0, -1] + x[..., -1, 0] + x[..., -1, -1]
    torch.testing.assert_close(symmetric.eval()(x)[:, 0, 1, 2], corners[:, 0] / 4)
    symmetric.train()
    seen = {round(symmetric.loss((x[:1], x[:1]))[0].item(), 5) for _ in range(20)}
    assert 2 <= len(seen) <= 4  # one for each corner, as both fields are turned alike
