"""Functions of the coordinates whose derivatives are known in closed form: cheaper than their jets would be."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from mlsci.science.jets.jet import Jet


class Known(Protocol):
    """A function of coordinates with all its derivatives."""

    def __call__(self, *columns: Tensor, orders: tuple[int, ...]) -> Tensor:
        """∂^orders of the function at the coordinates (N,): (N,), by torch functions."""
        ...


def known(function: Known, *columns: Any) -> Any:
    """`function` of columns (N,), tensors or jets of coordinates.

    A jet must be affine in one coordinate and constant in the others, no two of them in the same coordinate.

    Raises:
        TypeError: other jets.
    """
    jets = [column for column in columns if isinstance(column, Jet)]
    if not jets:
        return function(*columns, orders=(0,) * len(columns))
    layout = jets[0].layout
    values = [column.value if isinstance(column, Jet) else column for column in columns]
    axes = [_axis(column) for column in columns]
    if len({axis for axis in axes if axis is not None}) < sum(axis is not None for axis in axes):
        raise TypeError("known: two arguments vary along the same coordinate")
    streams = []
    for index, factorial in zip(layout.indices, layout.factorials, strict=True):
        if any(order and axis not in axes for axis, order in enumerate(index)):
            streams.append(torch.zeros_like(values[0]))
            continue
        orders = tuple(0 if axis is None else index[axis] for axis in axes)
        derivative = function(*values, orders=orders)
        for column, axis, order in zip(columns, axes, orders, strict=True):
            if order:
                derivative = derivative * _slope(column, axis) ** order
        streams.append(derivative / factorial)
    return Jet(torch.stack(streams), layout)


def _axis(column: Any) -> int | None:
    """The coordinate along which a column varies."""
    if not isinstance(column, Jet):
        return None
    varies = [int(i) for i in torch.nonzero(column.streams[1:].abs().amax(dim=1)).flatten()]
    found = [column.layout.indices[1 + i] for i in varies]
    if len(found) > 1 or any(sum(index) != 1 for index in found):
        raise TypeError(f"known: an argument must be affine in one coordinate, got derivatives {found}")
    return found[0].index(1) if found else None


def _slope(column: Jet, axis: int | None) -> Tensor:
    index = tuple(int(i == axis) for i in range(column.layout.dimension))
    return column.streams[column.layout.position[index]]
