"""A net of Fourier filters that a condition modulates, for statistically isotropic periodic fields."""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from mlsci.nets import check_shape, field_shapes
from mlsci.nets.convolution import LETTERS
from mlsci.nets.film_mlp import FiLM, encoder


class FiLMFourier(nn.Module):
    """(x (B, channels, *grid), condition (B, condition_features)) -> (B, channels', *grid), or (B, features).

    h' = h + W2 φ(FiLM(W1 [h, g * h], e)) in each of `layers` blocks: g * h filters every channel by a function of |k|
    of its own (the global filters of Rao et al. 2021, arXiv:2107.00645, made isotropic), W act on each point and e is a
    perceptron of the condition. No norm forgets the amplitude of a field. The net commutes with cyclic shifts and with
    the symmetries of the grid, and the output begins at zero. Features, as of a critic or a classifier, are linear in
    the channels' sum over the grid, divided by the root of its points: those of a local field are of order 1.

    Args:
        in_shape: (channels, length) or (channels, height, width).
        out_shape: the same with channels', or (features,).
        filtered: the last map sees [h, g * h] too. That is a linear way through the net, such as the one from white
            noise to a Gaussian field.

    Raises:
        ValueError: shapes that are no fields on one grid, fewer than one layer.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_shape: Sequence[int],
        condition_features: int = 0,
        width: int = 32,
        layers: int = 4,
        filtered: bool = False,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.pooled = len(out_shape) == 1 and tuple(out_shape) != tuple(in_shape[1:])
        channels = (out_shape[0], *in_shape[1:]) if self.pooled else out_shape
        self.channels, out_channels, grid = field_shapes("FiLMFourier", in_shape, channels)
        if layers < 1:
            raise ValueError(f"FiLMFourier: layers must be at least 1, got {layers}")
        self.axes = len(grid)
        activation = nn.SiLU() if activation is None else activation
        features = 4 * width if condition_features else 0
        self.encode = encoder(condition_features, features, activation=activation) if features else None
        self.stem = Pointwise(self.channels, width)
        self.blocks = nn.ModuleList(
            Block(width, grid=grid, conditions=features, activation=activation) for _ in range(layers)
        )
        self.filter = IsotropicFilter(width, grid=grid) if filtered else None
        self.head = Pointwise(2 * width if filtered else width, out_channels)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        check_shape(x, self.channels, *LETTERS[self.axes])
        e = None if self.encode is None or condition is None else self.encode(condition)  # (B, 4 width)
        h = self.stem(x.transpose(0, 1))  # (width, B, *grid): channels first, so that W is one matrix product
        for block in self.blocks:
            h = block(h, e)
        if self.filter is not None:
            h = torch.cat((h, self.filter(h)))
        if self.pooled:
            h = h.flatten(2)  # (width, B, points)
            return self.head(h.sum(dim=2) / h.shape[2] ** 0.5).T  # (B, features)
        return self.head(h).transpose(0, 1)  # (B, channels', *grid)


class Block(nn.Module):
    """One residual block: (h (width, B, *grid), e (B, conditions) or None) -> (width, B, *grid)."""

    def __init__(self, width: int, *, grid: Sequence[int], conditions: int, activation: nn.Module) -> None:
        super().__init__()
        self.filter = IsotropicFilter(width, grid=grid)
        self.first = Pointwise(2 * width, width)
        self.film = FiLM(conditions, width) if conditions else None
        self.second = nn.Sequential(deepcopy(activation), Pointwise(width, width))

    def forward(self, h: Tensor, e: Tensor | None) -> Tensor:
        inner = self.first(torch.cat((h, self.filter(h))))  # (width, B, *grid)
        if self.film is not None and e is not None:
            inner = self.film(inner.transpose(0, 1), e).transpose(0, 1)
        return h + self.second(inner)  # (width, B, *grid)


class Pointwise(nn.Module):
    """An affine map of the channels at each point: (in_width, ...) -> (width, ...)."""

    def __init__(self, in_width: int, width: int) -> None:
        super().__init__()
        bound = in_width**-0.5
        self.weight = nn.Parameter(torch.empty(width, in_width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(width, 1))

    def forward(self, h: Tensor) -> Tensor:
        return torch.addmm(self.bias, self.weight, h.reshape(len(h), -1)).reshape(-1, *h.shape[1:])


class IsotropicFilter(nn.Module):
    """Every channel of h (width, B, *grid) times a real function of |k| of its own, linear between whole numbers.

    `values` (width, wavenumbers) are those at |k| = 0, 1, ... in 2π over the longest side. They begin as waves of |k|
    with random lengths and phases: a spectrum is smooth, and ripples of the start are hard to see for a critic.
    """

    below: Tensor
    share: Tensor

    def __init__(self, width: int, *, grid: Sequence[int]) -> None:
        super().__init__()
        self.grid = tuple(grid)
        longest = max(grid)
        axes = [*(torch.fft.fftfreq(side) for side in grid[:-1]), torch.fft.rfftfreq(grid[-1])]
        squares = torch.meshgrid(*((longest * axis).square() for axis in axes), indexing="ij")
        k = torch.stack(squares).sum(dim=0).sqrt()  # (*wavenumbers)
        self.register_buffer("below", k.floor().long(), persistent=False)
        self.register_buffer("share", k - k.floor(), persistent=False)
        at = torch.linspace(0, 1, int(k.max().floor()) + 2)
        turns, phase = 1.5 * torch.rand(width, 1), torch.rand(width, 1)
        self.values = nn.Parameter(2**0.5 * torch.cos(2 * torch.pi * (turns * at + phase)))

    def forward(self, h: Tensor) -> Tensor:
        axes = tuple(range(2, h.ndim))
        with torch.autocast(h.device.type, enabled=False):  # complex numbers know no half precision
            gain = torch.lerp(self.values[:, self.below], self.values[:, self.below + 1], self.share)
            c = torch.view_as_real(torch.fft.rfftn(h.to(gain.dtype), dim=axes))  # (width, B, *wavenumbers, 2)
            c = torch.view_as_complex(c * gain[:, None, ..., None])
            return torch.fft.irfftn(c, s=self.grid, dim=axes)  # (width, B, *grid)
