"""Compiled kernels do what eager ones do, and nothing is lost where they can't be made."""

import warnings

import pytest
import torch
from torch import nn

from mlsci.science.jets import Layout, compiled, coordinates
from mlsci.science.jets.autograd import Eager, using
from mlsci.science.jets.compiled import Compiled

LAYOUT = Layout.of([(2, 0), (0, 1)], dimension=2)


def compiler():
    """Whether inductor finds a C++ compiler."""
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        return bool(get_cpp_compiler())
    except InvalidCxxCompiler:
        return False


def gradients(kernels, count):
    """Streams of a small net at `count` points, and the gradients of their squares by its weights."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    with using(kernels):
        streams = net(coordinates(torch.rand(count, 2, dtype=torch.float64), LAYOUT)).streams
    return streams, torch.autograd.grad(streams.square().sum(), list(net.parameters()))


@pytest.mark.skipif(not compiler(), reason="no C++ compiler")
@pytest.mark.filterwarnings("default")  # those of torch's compiler are its own
def test_compiled_kernels_agree_with_eager_ones_for_any_number_of_points(monkeypatch):
    monkeypatch.setattr(compiled, "FEW", 0)
    kernels = Compiled()
    for count in (33, 7):
        ours, expected = gradients(kernels, count), gradients(Eager(), count)
        torch.testing.assert_close(ours[0], expected[0], rtol=1e-12, atol=1e-12)
        for mine, other in zip(ours[1], expected[1], strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)
    assert kernels.works


@pytest.mark.parametrize("broken", ["_forward", "_backward"])
def test_without_a_compiler_it_goes_on_with_a_warning(monkeypatch, broken):
    def fail(*_):
        raise RuntimeError("no working C++ compiler found\nsecond line")

    monkeypatch.setattr(compiled, "FEW", 0)
    monkeypatch.setattr(compiled, "_compiled", lambda kernel, layout: kernel)
    monkeypatch.setattr(compiled, broken, fail)
    kernels = Compiled()
    message = r"derivative.compile=true: .* goes on without .*: RuntimeError: no working C\+\+ compiler found$"
    with pytest.warns(RuntimeWarning, match=message):
        ours = gradients(kernels, 5)
    expected = gradients(Eager(), 5)
    torch.testing.assert_close(ours[0], expected[0])
    for mine, other in zip(ours[1], expected[1], strict=True):
        torch.testing.assert_close(mine, other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradients(kernels, 5)  # once is enough


def test_few_numbers_are_not_worth_a_kernel(monkeypatch):
    monkeypatch.setattr(compiled, "_compiled", lambda *_: pytest.fail("compiled"))
    compiled._forward.cache_clear()
    gradients(Compiled(), 5)
