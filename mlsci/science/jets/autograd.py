"""Products and scalar functions of Taylor streams with a backward pass of their own: few passes over memory.

The derivative of g(z) is the product with the jet of g'(z), so that its backward pass is a transposed product.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from mlsci.science.jets import streams as arithmetic
from mlsci.science.jets.functions import Base, Scalar
from mlsci.science.jets.layout import Layout


class Kernels(Protocol):
    """How scalar functions of streams (S, N, ...) are computed."""

    def forward(self, streams: Tensor, function: Scalar, layout: Layout) -> tuple[Tensor, Base]:
        """g of the streams, and what its derivatives are made of."""
        ...

    def backward(self, gradient: Tensor, streams: Tensor, base: Base, function: Scalar, layout: Layout) -> Tensor:
        """The gradient by the streams."""
        ...


class Eager:
    """One torch call for every term of a sum."""

    def forward(self, streams: Tensor, function: Scalar, layout: Layout) -> tuple[Tensor, Base]:
        """See `Kernels`."""
        base = function.base(streams[0])
        table = function.table(streams[0], base, layout.order)
        out = torch.empty_like(streams)
        arithmetic.composed(streams.unbind(0), table, layout, out=out.unbind(0))
        return out, base

    def backward(self, gradient: Tensor, streams: Tensor, base: Base, function: Scalar, layout: Layout) -> Tensor:
        """See `Kernels`."""
        table = function.table(streams[0], base, layout.order + 1)
        slope = arithmetic.composed(streams.unbind(0), table[1:], layout)
        out = torch.empty_like(streams)
        arithmetic.transposed(gradient.unbind(0), slope, layout, out=out.unbind(0))
        return out


_kernels: list[Kernels] = [Eager()]


@contextmanager
def using(kernels: Kernels) -> Iterator[None]:
    """Within it scalar functions are computed by other kernels, and so is what comes back through them later."""
    _kernels.append(kernels)
    try:
        yield
    finally:
        _kernels.pop()


def compose(streams: Tensor, function: Scalar, layout: Layout) -> Tensor:
    """g of streams (S, N, ...)."""
    kernels = _kernels[-1]
    if torch.is_grad_enabled() and streams.requires_grad:
        return _Compose.apply(streams, function, layout, kernels)
    return kernels.forward(streams, function, layout)[0]


def multiply(a: Tensor, b: Tensor, layout: Layout) -> Tensor:
    """The product of streams (S, N, ...) whose values go together by broadcasting."""
    if a.shape != b.shape:
        axes = max(a.ndim, b.ndim)
        a, b = torch.broadcast_tensors(_aligned(a, axes), _aligned(b, axes))
    return _Product.apply(a, b, layout)


def _aligned(streams: Tensor, axes: int) -> Tensor:
    """Streams stay in front where a value has fewer axes than another."""
    return streams.reshape(len(streams), *(1 for _ in range(axes - streams.ndim)), *streams.shape[1:])


class _Compose(Function):
    @staticmethod
    def forward(ctx: Any, streams: Tensor, function: Scalar, layout: Layout, kernels: Kernels) -> Tensor:
        out, base = kernels.forward(streams, function, layout)
        ctx.save_for_backward(streams, *base)
        ctx.rule = function, layout, kernels
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        streams, *base = ctx.saved_tensors
        function, layout, kernels = ctx.rule
        return kernels.backward(gradient, streams, tuple(base), function, layout), None, None, None


class _Product(Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, layout: Layout) -> Tensor:
        wants_a, wants_b = ctx.needs_input_grad[:2]
        ctx.save_for_backward(a if wants_b else None, b if wants_a else None)
        ctx.layout = layout
        out = arithmetic.empty(a.shape, a)
        arithmetic.product(a.unbind(0), b.unbind(0), layout, out=out.unbind(0))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        a, b = ctx.saved_tensors
        return _back(gradient, b, ctx.layout), _back(gradient, a, ctx.layout), None


def _back(gradient: Tensor, other: Tensor | None, layout: Layout) -> Tensor | None:
    if other is None:
        return None
    out = arithmetic.empty(gradient.shape, gradient)
    arithmetic.transposed(gradient.unbind(0), other.unbind(0), layout, out=out.unbind(0))
    return out
