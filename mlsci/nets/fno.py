"""The Fourier neural operator: a map between functions, on a grid of whatever resolution (Li et al. 2021)."""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import check_shape, field_shapes
from mlsci.nets.convolution import CONVOLUTION, LETTERS
from mlsci.nets.fourier_series import FourierSeries


class FNO(nn.Module):
    """Fields (B, channels, *grid) to fields (B, channels', *grid), arXiv:2010.08895.

    A layer is v' = σ(W v + M(K v)): W acts on each point, K multiplies every Fourier coefficient |k| < `modes` by a
    matrix of its own and drops the others, and M is a perceptron on each point with one hidden layer if `mixing`,
    nothing otherwise; the last layer has no σ. Affine maps lift the channels to `width` and lead down over `hidden`.

    The same weights act on every resolution: two grids that carry the same function, and all that σ makes of it,
    give the same function. A grid with fewer points than 2 `modes` a side keeps what it carries.
    With `coordinates`, relative coordinates from 0 to 1 are further channels; without them and without `padding`
    the net commutes with cyclic shifts. For fields that are not periodic, `padding` puts zeros behind them, that
    share of every side long, and takes them off at the end.

    Args:
        in_shape: (channels, length) or (channels, height, width).
        out_shape: the same with channels', or the grid alone for one channel.
        modes: one for all sides, or an entry a side; up to half of the points.

    Raises:
        ValueError: shapes that are no fields on one grid, modes that the grid does not carry, a negative padding.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_shape: Sequence[int],
        modes: int | Sequence[int] = 12,
        width: int = 32,
        layers: int = 4,
        hidden: int = 128,
        mixing: bool = True,
        activation: nn.Module | None = None,
        coordinates: bool = True,
        padding: float = 0.0,
    ) -> None:
        super().__init__()
        self.channels, out_channels, grid = field_shapes("FNO", in_shape, out_shape)
        if padding < 0:
            raise ValueError(f"FNO: padding is a share of the side, at least 0, got {padding}")
        self.axes, self.coordinates, self.padding = len(grid), coordinates, padding
        self.modes = _modes(modes, [side + round(padding * side) for side in grid])
        point = CONVOLUTION[self.axes]
        activation = nn.GELU() if activation is None else activation
        self.lift = point(self.channels + (self.axes if coordinates else 0), width, 1)
        self.layers = nn.ModuleList(
            FourierLayer(width, modes=self.modes, mixing=mixing, activation=activation, last=index == layers - 1)
            for index in range(layers)
        )
        self.project = nn.Sequential(point(width, hidden, 1), deepcopy(activation), point(hidden, out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, self.channels, *LETTERS[self.axes])
        grid = x.shape[2:]
        if self.coordinates:
            x = torch.cat((x, self._places(x)), dim=1)  # (B, channels + axes, *grid)
        v = self.lift(x)  # (B, width, *grid)
        behind = [round(self.padding * side) for side in grid]
        if any(behind):
            v = F.pad(v, [width for size in reversed(behind) for width in (0, size)])
        series = FourierSeries(v.shape[2:], modes=self.modes, like=self.lift.weight)
        for layer in self.layers:
            v = layer(v, series)  # (B, width, *grid)
        v = v[(..., *(slice(side) for side in grid))]
        return self.project(v)  # (B, channels', *grid)

    def _places(self, x: Tensor) -> Tensor:
        """Coordinates (B, axes, *grid): j / N on a ring, j / (N - 1) where there are ends."""
        sides = [torch.arange(n).to(x) / (max(n - 1, 1) if self.padding else n) for n in x.shape[2:]]
        places = torch.stack(torch.meshgrid(*sides, indexing="ij"))  # (axes, *grid)
        return places.expand(x.shape[0], *places.shape)


class FourierLayer(nn.Module):
    """σ(W v + M(K v)) of fields (B, width, *grid), whose truncated Fourier series is `series`; no σ if `last`.

    The parameter of K, (*wavenumbers, width, width, 2), holds real and imaginary parts.
    """

    def __init__(
        self, width: int, *, modes: Sequence[int], mixing: bool, activation: nn.Module, last: bool = False
    ) -> None:
        super().__init__()
        *others, highest = modes
        self.modes = tuple(modes)
        shape = (*(2 * count - 1 for count in others), highest, width, width, 2)
        # Coefficients of white noise keep their variance.
        self.weight = nn.Parameter(torch.randn(shape) * (2 * width) ** -0.5)
        point = CONVOLUTION[len(modes)]
        self.skip = point(width, width, 1)
        self.mix: nn.Module = nn.Identity()
        if mixing:
            self.mix = nn.Sequential(point(width, width, 1), deepcopy(activation), point(width, width, 1))
        self.activation = nn.Identity() if last else deepcopy(activation)

    def forward(self, v: Tensor, series: FourierSeries) -> Tensor:
        with torch.autocast(v.device.type, enabled=False):  # complex numbers know no half precision
            c = series.coefficients(v.to(self.weight.dtype))  # (B, width, *wavenumbers)
            c = torch.einsum("bi...,...io->bo...", c, self._matrices(series.modes))
            u = series.values(c)  # (B, width, *grid)
        return self.activation(self.skip(v) + self.mix(u))  # (B, width, *grid)

    def _matrices(self, kept: Sequence[int]) -> Tensor:
        """The matrices of the wavenumbers that the grid carries, (*wavenumbers, width, width), complex."""
        weight = torch.view_as_complex(self.weight)
        for axis, (had, has) in enumerate(zip(self.modes[:-1], kept[:-1], strict=True)):
            weight = weight.narrow(axis, had - has, 2 * has - 1)
        return weight.narrow(len(kept) - 1, 0, kept[-1])


def _modes(modes: int | Sequence[int], grid: Sequence[int]) -> tuple[int, ...]:
    """One entry a side, at least 1 and carried by the grid. Raises ValueError."""
    chosen = tuple(int(count) for count in ([modes] * len(grid) if isinstance(modes, int) else modes))
    most = [(side + 1) // 2 for side in grid]
    if len(chosen) != len(most) or any(not 1 <= count <= limit for count, limit in zip(chosen, most, strict=True)):
        raise ValueError(
            f"FNO: modes must be from 1 to half of the points, here {' and '.join(map(str, most))}, got {modes}"
        )
    return chosen
