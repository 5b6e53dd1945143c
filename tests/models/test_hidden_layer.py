"""One hidden layer: its rates, and what it is exact for."""

from functools import partial

import pytest
import torch
from torch import nn

from mlsci.errors import ConfigError
from mlsci.models.hidden_layer import HiddenLayer, UniversalApproximation

X = torch.linspace(-1, 1, 801, dtype=torch.float64)[:, None]


def test_relu_units_are_exact_for_a_kink_on_a_knot() -> None:
    layer = HiddenLayer(width=8, out_features=1, activation=nn.ReLU())
    layer.fit(X, X.abs())
    torch.testing.assert_close(layer.predict(X), X.abs(), atol=1e-12, rtol=0)


def test_the_error_of_relu_units_falls_with_the_square_of_the_width() -> None:
    """The best piecewise linear function on knots h apart is off by h² f'' / 16, interpolation by twice that."""
    for width in (8, 32):
        layer = HiddenLayer(width=width, out_features=1, activation=nn.ReLU())
        layer.fit(X, X.square())
        error = float((layer.predict(X) - X.square()).abs().max())
        assert 0.95 < error / ((2 / width) ** 2 * 2 / 16) < 2


def test_the_widest_net_of_the_first_activation_answers() -> None:
    activations = {
        "tanh": partial(HiddenLayer, out_features=1, activation=nn.Tanh(), steepest=4.0),
        "relu": partial(HiddenLayer, out_features=1, activation=nn.ReLU()),
    }
    model = UniversalApproximation(widths=[32, 4], activations=activations, metrics={})
    y = torch.sin(3 * X)
    model.fit_at_once(X, y)
    errors = model.errors(X, y)
    assert errors["tanh"].shape == (2, 1)
    assert errors["tanh"][1] < 5e-3 < errors["tanh"][0]
    torch.testing.assert_close((model(X) - y).abs().max(), errors["tanh"][1, 0])
    with pytest.raises(ConfigError, match="widths >= 1"):
        UniversalApproximation(widths=[], activations=activations, metrics={})
