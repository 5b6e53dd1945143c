"""A learned filter in Fourier space: the flow that makes white noise of any stationary Gaussian field."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mlsci.errors import ConfigError
from mlsci.nets.flows.transform import Chain, Transform


class Spectral(Transform):
    """z = F⁻¹ e^(-g(k)) F (x - mean) on a periodic grid, channel by channel; log |dz/dx| = -Σ_k g(k).

    g(k) = g(-k) are parameters, one for each pair of wave numbers, and `mean` one for each channel. At the maximum of
    the likelihood of a Gaussian field e^(2 g) is its power spectrum. With `odd` the mean is left at zero.
    """

    opposite: Tensor

    def __init__(self, *, shape: Sequence[int], odd: bool = False) -> None:
        super().__init__()
        if len(shape) < 2:
            raise ConfigError(f"Spectral: expected fields (channels, *grid), got shape {tuple(shape)}")
        self.axes = tuple(range(-(len(shape) - 1), 0))
        self.log_gain = nn.Parameter(torch.zeros(tuple(shape)))
        self.mean = nn.Parameter(torch.zeros(shape[0], *(1,) * (len(shape) - 1)), requires_grad=not odd)

    def symmetric(self) -> Tensor:
        """g with g(k) = g(-k), of one input's shape."""
        grid = [self.log_gain.shape[axis] for axis in self.axes]
        turned = self.log_gain.flip(self.axes).roll([1] * len(grid), self.axes)
        return 0.5 * (self.log_gain + turned)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        g = self.symmetric()
        return self._filtered(x - self.mean, (-g).exp()), -g.sum().expand(len(x))

    def inverse(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        g = self.symmetric()
        return self._filtered(z, g.exp()) + self.mean, g.sum().expand(len(z))

    def _filtered(self, x: Tensor, gain: Tensor) -> Tensor:
        half = gain[..., : gain.shape[-1] // 2 + 1]  # what rfftn keeps of the last axis
        spectrum = torch.fft.rfftn(x, dim=self.axes, norm="ortho")
        return torch.fft.irfftn(spectrum * half, s=x.shape[1:][-len(self.axes) :], dim=self.axes, norm="ortho")


class SpectralFlow(Chain):
    """Another flow next to the data, and a spectral filter between it and the noise.

    The filter alone is exact for stationary Gaussian fields, so that the other flow learns only what is not Gaussian.

    Args:
        shape: of one input, (channels, *grid), periodic.
        flow: makes the other flow from shape and features; None: the filter alone.
        features: of the condition.
        odd: the filter commutes with x -> -x.
    """

    def __init__(
        self,
        *,
        shape: Sequence[int],
        flow: Callable[..., Transform] | None = None,
        features: int = 0,
        odd: bool = False,
    ) -> None:
        first = [] if flow is None else [flow(shape=shape, features=features)]
        super().__init__([*first, Spectral(shape=shape, odd=odd)])
