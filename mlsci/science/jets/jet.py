"""A jet stands for a tensor together with its derivatives, and goes wherever torch functions go.

Taylor arithmetic in several variables (Griewank & Walther, Evaluating Derivatives, 2008, ch. 13): sums and affine
maps act on every stream alike, products convolve, and a scalar function g acts by its derivatives at the value.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mlsci.science.jets import autograd, functions
from mlsci.science.jets.layout import HIGHEST_ORDER, Layout, MultiIndex
from mlsci.science.jets.linear import affine
from mlsci.science.jets.streams import joined

HANDLERS: dict[Any, Callable[..., Any]] = {}


class Jet:
    """Taylor coefficients (S, N, ...) of a function of d coordinates at N points, in the order of `layout`.

    Nets of linear layers, smooth activations, sums and products take it in the place of a tensor (N, ...).
    Raises TypeError for a torch function that has no rule here.
    """

    def __init__(self, streams: Tensor, layout: Layout):
        self.streams = streams
        self.layout = layout

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        handler = HANDLERS.get(function)
        if handler is None:
            name = getattr(function, "__name__", str(function))
            raise TypeError(f"derivative=taylor: no Taylor rule for torch's '{name}'; use derivative=nested")
        return handler(*args, **(kwargs or {}))

    @property
    def value(self) -> Tensor:
        """The function itself, (N, ...)."""
        return self._parts[0]

    @cached_property
    def _parts(self) -> tuple[Tensor, ...]:
        # taken apart once: gradients of single streams would each come back as one of all streams
        return self.streams.unbind(0)

    def derivative(self, index: MultiIndex) -> Tensor:
        """D^α of the function, (N, ...)."""
        stream = self.layout.position[index]
        factor = self.layout.factorials[stream]
        return self._parts[stream] if factor == 1 else self._parts[stream] * factor

    @property
    def shape(self) -> torch.Size:
        """The shape of the value."""
        return self.streams.shape[1:]

    @property
    def ndim(self) -> int:
        """The number of axes of the value."""
        return self.streams.ndim - 1

    @property
    def dtype(self) -> torch.dtype:
        """The type of the numbers."""
        return self.streams.dtype

    @property
    def device(self) -> torch.device:
        """Where the numbers are."""
        return self.streams.device

    def flatten(self, start: int = 0) -> Jet:
        """The value with its axes from `start` on made one."""
        return Jet(self.streams.flatten(start + 1), self.layout)

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, key: Any) -> Jet:
        key = key if isinstance(key, tuple) else (key,)
        return Jet(self.streams[(slice(None), *key)], self.layout)

    def __add__(self, other: Any) -> Jet:
        return _add(self, other)

    def __sub__(self, other: Any) -> Jet:
        return _add(self, -other)

    def __rsub__(self, other: Any) -> Jet:
        return _add(-self, other)

    def __neg__(self) -> Jet:
        return Jet(-self.streams, self.layout)

    def __mul__(self, other: Any) -> Jet:
        return _multiply(self, other)

    def __truediv__(self, other: Any) -> Jet:
        return _divide(self, other)

    def __rtruediv__(self, other: Any) -> Jet:
        return _multiply(compose(self, functions.reciprocal), other)

    def __pow__(self, exponent: int) -> Jet:
        return _power(self, exponent)

    __radd__ = __add__
    __rmul__ = __mul__


def coordinates(points: Tensor, layout: Layout) -> Jet:
    """The coordinates (N, d) themselves as jets: the seed of every derivative.

    Raises:
        ValueError: a layout of more than fourth order.
    """
    if layout.order > HIGHEST_ORDER:
        raise ValueError(
            f"derivative {layout.indices[-1]}: Taylor streams go up to order {HIGHEST_ORDER}; use derivative=nested"
        )
    streams = points.new_zeros(len(layout.indices), *points.shape)
    streams[0] = points
    for stream, index in enumerate(layout.indices):
        if sum(index) == 1:
            streams[stream, :, index.index(1)] = 1
    return Jet(streams, layout)


def compose(jet: Jet, function: functions.Scalar) -> Jet:
    """g(jet) for a scalar function g."""
    return Jet(autograd.compose(jet.streams, function, jet.layout), jet.layout)


def _add(left: Any, right: Any) -> Jet:
    if isinstance(left, Jet) and isinstance(right, Jet):
        return Jet(left.streams + right.streams, left.layout)
    jet, other = (left, right) if isinstance(left, Jet) else (right, left)
    value = jet.streams[:1] + other
    return Jet(joined([value, jet.streams[1:].expand(-1, *value.shape[1:])], 0), jet.layout)


def _subtract(left: Any, right: Any) -> Jet:
    return _add(left, -right)


def _multiply(left: Any, right: Any) -> Jet:
    if not (isinstance(left, Jet) and isinstance(right, Jet)):
        jet, other = (left, right) if isinstance(left, Jet) else (right, left)
        return Jet(jet.streams * other, jet.layout)
    return Jet(autograd.multiply(left.streams, right.streams, left.layout), left.layout)


def _divide(left: Any, right: Any) -> Jet:
    if isinstance(right, Jet):
        return _multiply(compose(right, functions.reciprocal), left)
    return Jet(left.streams / right, left.layout)


def _power(jet: Jet, exponent: Any) -> Jet:
    if not isinstance(exponent, int) or exponent < 1:
        raise TypeError(f"derivative=taylor: powers of jets are whole numbers from 1, got {exponent}")
    return jet if exponent == 1 else _multiply(jet, _power(jet, exponent - 1))


def _linear(x: Jet, weight: Tensor, bias: Tensor | None = None) -> Jet:
    return Jet(affine(x.streams, weight, bias), x.layout)


def _cat(jets: Any, dim: int = 0) -> Jet:
    axis = dim + 1 if dim >= 0 else jets[0].streams.ndim + dim
    return Jet(joined([jet.streams for jet in jets], axis), jets[0].layout)


def _stack(jets: Any, dim: int = 0) -> Jet:
    axis = dim + 1 if dim >= 0 else jets[0].streams.ndim + 1 + dim
    return Jet(joined([jet.streams.unsqueeze(axis) for jet in jets], axis), jets[0].layout)


def _scalar(function: functions.Scalar) -> Callable[..., Jet]:
    return lambda x, **_: compose(x, function)


def _gelu(x: Jet, approximate: str = "none") -> Jet:
    if approximate != "none":
        raise TypeError(f"derivative=taylor: GELU(approximate='none') only, got '{approximate}'; use derivative=nested")
    return compose(x, functions.gelu)


def _silu(x: Jet, inplace: bool = False) -> Jet:
    return compose(x, functions.silu)


HANDLERS.update(
    {
        functional.linear: _linear,
        functional.gelu: _gelu,
        functional.silu: _silu,
        torch.cat: _cat,
        torch.stack: _stack,
        torch.flatten: lambda x, start_dim=0, end_dim=-1: x.flatten(start_dim),
        **dict.fromkeys((torch.add, Tensor.add, Tensor.__add__, Tensor.__radd__), _add),
        **dict.fromkeys((torch.sub, Tensor.sub, Tensor.__sub__), _subtract),
        Tensor.__rsub__: lambda left, right: _add(-left, right),
        **dict.fromkeys((torch.mul, Tensor.mul, Tensor.__mul__, Tensor.__rmul__), _multiply),
        **dict.fromkeys((torch.div, Tensor.div, Tensor.__truediv__), _divide),
        Tensor.__rtruediv__: lambda left, right: _divide(right, left),
        torch.square: lambda x: _multiply(x, x),
        torch.neg: lambda x: -x,
        torch.tanh: _scalar(functions.tanh),
        torch.sin: _scalar(functions.sin),
        torch.cos: _scalar(functions.cos),
        torch.exp: _scalar(functions.exp),
        torch.sqrt: _scalar(functions.square_root),
        torch.log: _scalar(functions.logarithm),
        torch.sigmoid: _scalar(functions.sigmoid),
        torch.reciprocal: _scalar(functions.reciprocal),
    }
)
