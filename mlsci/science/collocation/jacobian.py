"""The Jacobian of residual rows, put together from what comes back to the layers of a net.

It is kept as (P, R), one line a parameter: the points then lie side by side in memory, as they do in Taylor streams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mlsci.science.jets.linear import Recorded, rows


class Columns:
    """The derivatives of n residuals by all parameters, (P, n), added up part by part.

    Args:
        place: where they are written, (P, n).
        spans: first and last line of every parameter there, by its identity.
        paired: of twice n points the second half faces the first: a residual belongs to two points.
    """

    def __init__(self, place: Tensor, spans: Mapping[int, tuple[int, int]], *, paired: bool):
        self._place = place
        self._spans = spans
        self._paired = paired
        self._begun: set[int] = set()

    def add_layer(self, record: Recorded, gradient: Tensor) -> None:
        """A linear layer, by the gradient of its output streams (S, N, out).

        For the weight Σ over streams of gradient ⊗ input, for the bias the gradient of the value.
        """
        back = rows(gradient)  # (out, S, N)
        if id(record.weight) in self._spans:
            for stream in range(back.shape[1]):
                self._add(id(record.weight), back[:, None, stream], record.inputs[None, :, stream])
        if record.bias is not None and id(record.bias) in self._spans:
            self.add(id(record.bias), back[:, 0])

    def add(self, key: int, gradient: Tensor) -> None:
        """The derivatives (k, N) by the k numbers of a parameter, each of its own point alone."""
        self._add(key, gradient, gradient.new_ones(()).expand(gradient.shape))

    def finish(self) -> None:
        """Zero where nothing was added."""
        for key, (first, last) in self._spans.items():
            if key not in self._begun:
                self._place[first:last] = 0

    def _add(self, key: int, a: Tensor, b: Tensor) -> None:
        """Add a · b, (..., N) of some shape that has as many numbers a point as the parameter."""
        first, last = self._spans[key]
        shape = torch.broadcast_shapes(a.shape, b.shape)
        place = self._place[first:last].view(*shape[:-1], -1)  # (..., n)
        for left, right in zip(a.chunk(1 + self._paired, -1), b.chunk(1 + self._paired, -1), strict=True):
            if key in self._begun:
                place.addcmul_(left, right)
            else:
                torch.mul(left, right, out=place)
            self._begun.add(key)


def spans(parameters: Sequence[Tensor]) -> dict[int, tuple[int, int]]:
    """The first and the last line of every parameter, by its identity."""
    found: dict[int, tuple[int, int]] = {}
    total = 0
    for parameter in parameters:
        found[id(parameter)] = (total, total + parameter.numel())
        total += parameter.numel()
    return found
