"""Masked autoregressive flows (Papamakarios et al. 2017, arXiv:1705.07057) on masked perceptrons (MADE)."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets.flows.elementwise import Affine, Elementwise
from mlsci.nets.flows.transform import Chain, Transform


class MaskedLinear(nn.Linear):
    """An affine map whose weight is zero where `mask` (out, in) is."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.to(self.weight.dtype))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.mask, self.bias)


class MADE(nn.Module):
    """(x (B, D), condition (B, features)) -> (B, D, count): output d sees x_1 ... x_{d-1} and the condition only.

    Germain et al. (2015, arXiv:1502.03509): hidden units have degrees 1 ... D - 1 in turn, under a
    condition 0 ... D - 1.
    """

    def __init__(self, dimensions: int, *, count: int, features: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.count = count
        places = torch.arange(1, dimensions + 1)
        lowest = 0 if features else min(1, dimensions - 1)  # units of degree 0 see the condition alone
        inner = torch.arange(hidden) % (dimensions - lowest) + lowest
        degrees = [torch.cat((places, torch.zeros(features))), *[inner] * layers]  # a condition comes before all
        parts: list[nn.Module] = []
        for before, after in itertools.pairwise(degrees):
            parts += [MaskedLinear(after[:, None] >= before[None, :]), nn.SiLU()]
        parts.append(MaskedLinear(places.repeat_interleave(count)[:, None] > degrees[-1][None, :]))
        self.layers = nn.Sequential(*parts)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return self.layers(torch.cat((x, condition.to(x.dtype)), dim=1)).unflatten(1, (-1, self.count))


class Autoregressive(Transform):
    """z_d = T(x_d; p_d(x_1 ... x_{d-1})): one pass from data to noise, D passes back. Flattens its inputs.

    With `backwards` the order of the values is reversed. `gain` begins at 0.1: the layer begins near the identity.
    """

    def __init__(
        self,
        dimensions: int,
        *,
        elementwise: Elementwise,
        features: int,
        hidden: int,
        layers: int,
        backwards: bool,
    ) -> None:
        super().__init__()
        self.elementwise, self.backwards = elementwise, backwards
        self.net = MADE(dimensions, count=elementwise.count, features=features, hidden=hidden, layers=layers)
        self.gain = nn.Parameter(torch.full((elementwise.count,), 0.1))

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        flat = self._ordered(x.flatten(1))
        z, log_slope = self.elementwise(flat, self.gain * self.net(flat, condition))
        return self._ordered(z).reshape(x.shape), log_slope.sum(dim=1)

    def inverse(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        flat = self._ordered(z.flatten(1))
        x, log_slope = torch.zeros_like(flat), torch.zeros_like(flat)
        for place in range(flat.shape[1]):  # the parameters of a place are right once all places before it are
            p = self.gain * self.net(x, condition)
            found, slope = self.elementwise.inverse(flat[:, place], p[:, place])
            x = torch.cat((x[:, :place], found[:, None], x[:, place + 1 :]), dim=1)
            log_slope = torch.cat((log_slope[:, :place], slope[:, None], log_slope[:, place + 1 :]), dim=1)
        return self._ordered(x).reshape(z.shape), log_slope.sum(dim=1)

    def _ordered(self, flat: Tensor) -> Tensor:
        return flat.flip(1) if self.backwards else flat


class AutoregressiveFlow(Chain):
    """`layers` masked autoregressive layers, every other one in the opposite order.

    Args:
        shape: of one input, flattened.
        hidden, depth: width and number of the hidden layers of each net.
        elementwise: the map of every value; the affine one unless given.
        features: of the condition.

    Raises:
        ValueError: fewer than one layer, hidden layer or unit.
    """

    def __init__(
        self,
        *,
        shape: Sequence[int],
        layers: int = 5,
        hidden: int = 64,
        depth: int = 2,
        elementwise: Elementwise | None = None,
        features: int = 0,
    ) -> None:
        if min(layers, hidden, depth) < 1:
            raise ValueError(
                f"AutoregressiveFlow: layers, hidden and depth must be at least 1, got {layers}, {hidden}, {depth}"
            )
        super().__init__(
            [
                Autoregressive(
                    int(torch.Size(shape).numel()),
                    elementwise=Affine() if elementwise is None else elementwise,
                    features=features,
                    hidden=hidden,
                    layers=depth,
                    backwards=bool(layer % 2),
                )
                for layer in range(layers)
            ]
        )
