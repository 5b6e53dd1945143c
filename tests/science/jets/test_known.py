"""Functions with closed-form derivatives are jets like any other."""

from itertools import product

import pytest
import torch

from mlsci.science.jets import Layout, coordinates, known

X = torch.rand(6, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
ALL = [index for index in product(range(5), range(5)) if sum(index) <= 4]


def wave(*columns, orders):
    """exp(x) sin(3 t), whose derivatives are known."""
    x, t = columns
    return torch.exp(x) * 3 ** orders[1] * torch.sin(3 * t + orders[1] * torch.pi / 2)


@pytest.mark.parametrize("start", [lambda t: t, lambda t: 1 - 2 * t, lambda t: 0 * t + 0.3], ids=["t", "1 - 2t", "0.3"])
def test_derivatives_are_those_of_the_jet(start):
    jet = coordinates(X, Layout.of(ALL, dimension=2))
    found = known(wave, jet[:, 0], start(jet[:, 1]))
    expected = torch.exp(jet[:, 0]) * torch.sin(3 * start(jet[:, 1]))
    torch.testing.assert_close(found.streams, expected.streams, rtol=1e-12, atol=1e-12)


def test_tensors_are_taken_as_they_are():
    assert torch.equal(known(wave, X[:, 0], X[:, 1]), wave(X[:, 0], X[:, 1], orders=(0, 0)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda x: (x[:, 0] * x[:, 0], x[:, 1]), "affine in one coordinate"),
        (lambda x: (x[:, 0] + x[:, 1], x[:, 1]), "affine in one coordinate"),
        (lambda x: (x[:, 1], 2 * x[:, 1]), "vary along the same coordinate"),
    ],
)
def test_other_arguments_are_refused(arguments, message):
    jet = coordinates(X, Layout.of(ALL, dimension=2))
    with pytest.raises(TypeError, match=message):
        known(wave, *arguments(jet))
