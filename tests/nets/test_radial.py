import pytest
import torch

from mlsci.nets.radial import Envelope, Gaussians, lengths


@pytest.mark.parametrize("power", [3, 5, 6])
def test_the_envelope_is_its_polynomial_and_ends_with_two_derivatives(power: int) -> None:
    envelope = Envelope(cutoff=4.0, power=power)
    r = torch.linspace(0, 6, 25, dtype=torch.float64)[:, None]
    x, p = r / 4.0, power
    polynomial = 1 - (p + 1) * (p + 2) / 2 * x**p + p * (p + 2) * x ** (p + 1) - p * (p + 1) / 2 * x ** (p + 2)
    torch.testing.assert_close(envelope(r), torch.where(x < 1, polynomial, 0.0), rtol=0, atol=1e-13)
    edge = torch.tensor([4.0 * (1 - 1e-9)], dtype=torch.float64, requires_grad=True)
    value = envelope(edge)
    (slope,) = torch.autograd.grad(value, edge, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, edge)
    assert max(abs(float(value.detach())), abs(float(slope.detach()))) < 1e-12
    assert abs(float(curvature)) < 1e-6


def test_gaussians_stand_evenly_from_zero_to_the_cutoff() -> None:
    gaussians = Gaussians(cutoff=3.0, count=4).double()
    peaks = gaussians(torch.tensor([[0.0], [1.0], [2.0], [3.0]], dtype=torch.float64))
    distance = torch.arange(4.0, dtype=torch.float64)
    torch.testing.assert_close(peaks, torch.exp(-0.5 * (distance[:, None] - distance).square()), rtol=0, atol=1e-12)


def test_lengths() -> None:
    torch.testing.assert_close(lengths(torch.tensor([[3.0, 0.0, 4.0], [1.0, 0.0, 0.0]])), torch.tensor([[5.0], [1.0]]))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Envelope(cutoff=0.0), "cutoff must be positive and finite, got 0.0"),
        (lambda: Envelope(cutoff=3.0, power=2), "power must be at least 3, got 2"),
        (lambda: Gaussians(cutoff=3.0, count=1), "count must be at least 2, got 1"),
    ],
)
def test_impossible_arguments_are_refused(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
