"""Scalar functions of Taylor streams as one fused kernel each way, made by torch.compile.

A kernel serves any number of points: only a new function or new derivatives compile again, some seconds each.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from mlsci.science.jets import streams as arithmetic
from mlsci.science.jets.autograd import Eager
from mlsci.science.jets.functions import Base, Scalar
from mlsci.science.jets.layout import Layout

Kernel = Callable[..., tuple[Tensor, ...]]
FEW = 4096  # numbers; with fewer the call of a kernel takes longer than the calls that it saves


class Compiled:
    """Kernels of torch.compile; those of `Eager` for few numbers, and from the first failure on."""

    def __init__(self) -> None:
        self.eager = Eager()
        self.works = True

    def forward(self, streams: Tensor, function: Scalar, layout: Layout) -> tuple[Tensor, Base]:
        """See `Kernels`; the base has the form (features, points)."""
        if self._serves(streams):
            try:
                out, *base = _forward(function, layout)(_rows(streams))
                return _like(out, streams), tuple(base)
            except Exception as error:
                self._give_up(error)
        return self.eager.forward(streams, function, layout)

    def backward(self, gradient: Tensor, streams: Tensor, base: Base, function: Scalar, layout: Layout) -> Tensor:
        """See `Kernels`."""
        if self._serves(streams):
            try:
                (back,) = _backward(function, layout)(_rows(gradient), _rows(streams), *base)
                return _like(back, streams)
            except Exception as error:
                self._give_up(error)
                base = function.base(streams[0])  # that of the kernel has another form
        return self.eager.backward(gradient, streams, base, function, layout)

    def _serves(self, streams: Tensor) -> bool:
        return self.works and streams.numel() >= FEW

    def _give_up(self, error: Exception) -> None:
        """Dynamo and inductor have no common class of errors; whatever stops them, eager kernels do the same work."""
        self.works = False
        reason = next(iter(str(error).strip().splitlines()), "")
        warnings.warn(
            f"derivative.compile=true: torch.compile failed, the run goes on without (is there a C++ compiler?): "
            f"{type(error).__name__}: {reason}",
            RuntimeWarning,
            stacklevel=2,
        )


@lru_cache(maxsize=64)
def _forward(function: Scalar, layout: Layout) -> Kernel:
    """(features, S, points) -> the composed streams, and the base."""

    def kernel(streams: Tensor) -> tuple[Tensor, ...]:
        d = streams.unbind(1)
        base = function.base(d[0])
        table = function.table(d[0], base, layout.order)
        return torch.stack(arithmetic.composed(d, table, layout), dim=1), *base

    return _compiled(kernel, layout)


@lru_cache(maxsize=64)
def _backward(function: Scalar, layout: Layout) -> Kernel:
    """Gradient and streams (features, S, points), the base -> the gradient by the streams."""

    def kernel(gradient: Tensor, streams: Tensor, *base: Tensor) -> tuple[Tensor, ...]:
        d = streams.unbind(1)
        table = function.table(d[0], base, layout.order + 1)
        slope = arithmetic.composed(d, table[1:], layout)
        return (torch.stack(arithmetic.transposed(gradient.unbind(1), slope, layout), dim=1),)

    return _compiled(kernel, layout)


def _compiled(kernel: Kernel, layout: Layout) -> Kernel:
    _ = layout.pairs, layout.order  # known before the trace, which can't take the lock of a cached property
    # isolated: the kernels share their code, and dynamo counts by code how often something compiles
    return torch.compile(kernel, dynamic=True, fullgraph=True, isolate_recompiles=True)  # type: ignore[call-overload]


def _rows(streams: Tensor) -> Tensor:
    """(S, N, ..., features) as (features, S, points)."""
    return streams.movedim(-1, 0).flatten(2).contiguous() if streams.ndim > 2 else streams.contiguous().unsqueeze(0)


def _like(rows: Tensor, streams: Tensor) -> Tensor:
    """Back from (features, S, points)."""
    if streams.ndim == 2:
        return rows[0]
    return rows.view(-1, *streams.shape[:-1]).movedim(0, -1)
