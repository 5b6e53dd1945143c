"""Affine maps of jets, and a record of them from which the Jacobian of residuals is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


@dataclass(frozen=True)
class Recorded:
    """One affine map of a pass: its input (in, S, points), its output (S, N, ..., out) and its parameters."""

    inputs: Tensor
    output: Tensor
    weight: Tensor
    bias: Tensor | None


_records: list[list[Recorded]] = []


@contextmanager
def recording() -> Iterator[list[Recorded]]:
    """Within it every affine map of jets is written down, and its parameters take no gradient."""
    _records.append([])
    try:
        yield _records[-1]
    finally:
        _records.pop()


def affine(streams: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """W x + b: b is added to the value alone, (S, N, ..., in) -> (S, N, ..., out)."""
    if not _records:
        return _Affine.apply(streams, weight, bias)
    output = _Affine.apply(streams, weight.detach(), None if bias is None else bias.detach())
    if not output.requires_grad:
        output.requires_grad_()
    _records[-1].append(Recorded(rows(streams.detach()), output, weight, bias))
    return output


def rows(streams: Tensor) -> Tensor:
    """(S, N, ..., features) as (features, S, points)."""
    return streams.movedim(-1, 0).flatten(2)


class _Affine(Function):
    """One product of matrices for all streams; the bias is added in place to the first."""

    @staticmethod
    def forward(ctx: Any, streams: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        flat = rows(streams).flatten(1)  # (in, S · points)
        output = (weight @ flat).view(len(weight), *streams.shape[:-1])
        if bias is not None:
            output[:, 0] += bias.view(-1, *(1 for _ in streams.shape[1:-1]))
        ctx.save_for_backward(flat, weight)
        ctx.has_bias = bias is not None
        return output.movedim(0, -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        flat, weight = ctx.saved_tensors
        wants_streams, wants_weight, wants_bias = ctx.needs_input_grad
        back = rows(gradient)  # (out, S, points)
        to_streams = (weight.T @ back.flatten(1)).view(-1, *gradient.shape[:-1]) if wants_streams else None
        to_weight = back.flatten(1) @ flat.T if wants_weight else None
        to_bias = back[:, 0].sum(dim=1) if wants_bias and ctx.has_bias else None
        return None if to_streams is None else to_streams.movedim(0, -1), to_weight, to_bias
