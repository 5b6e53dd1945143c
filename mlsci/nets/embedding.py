"""What a physics-informed net sees of the coordinates: rescaled, periodic, or random Fourier features."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import check_shape


class Domain(Protocol):
    """What an embedding asks of a differential equation."""

    @property
    def inputs(self) -> Mapping[str, tuple[float, float]]:
        """Every coordinate's lowest and highest value, in the order of the columns."""

    @property
    def periodic(self) -> tuple[str, ...]:
        """The coordinates after whose range everything repeats."""

    @property
    def mirrors(self) -> Mapping[str, Any]:
        """Periodic coordinates in which everything is even about `.at`, but for a factor that others see to."""


class Rescale(nn.Module):
    """Maps the range of every coordinate to [-1, 1]: (N, coordinates) to (N, coordinates).

    `features` is the number of columns that come out. The ranges are those of the equation and not part of
    the state dict.
    Raises ValueError for ranges that are empty or not finite and for another number of coordinates.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, pde: Domain) -> None:
        super().__init__()
        self.ranges = _ranges(pde)
        self.features = len(self.ranges)
        empty = torch.empty(self.features)
        self.register_buffer("centre", empty, persistent=False)
        self.register_buffer("scale", empty, persistent=False)
        self._fill()

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, self.features)
        return (x - self.centre) * self.scale  # (N, coordinates)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # `.double()` on rounded float32 numbers would leave every period wrong in its eighth digit.
        super()._apply(fn, recurse)
        self._fill()
        return self

    def _fill(self) -> None:
        like: dict[str, Any] = {"dtype": self.centre.dtype, "device": self.centre.device}
        self.centre = torch.tensor([(low + high) / 2 for low, high in self.ranges], **like)
        self.scale = torch.tensor([2 / (high - low) for low, high in self.ranges], **like)


class Periodic(nn.Module):
    """Makes every function of it periodic in the periodic coordinates, derivatives included: (N, features).

    With z the coordinate rescaled to [-1, 1], a periodic one becomes cos(πz), sin(πz), cos(2πz), ... up to
    `harmonics`, any other one z (Dong & Ni, 2021, J. Comput. Phys. 435, 110242). Columns keep the order of
    the coordinates. Without a periodic coordinate it is `Rescale`. With `fold`, a coordinate of `pde.mirrors`
    becomes the cosines about its mirror alone: every function of them is even there.
    Raises ValueError for fewer than one harmonic, for names of `pde.periodic` that `pde.inputs` lacks, and as
    `Rescale` does.
    """

    def __init__(self, pde: Domain, *, harmonics: int = 1, fold: bool = True) -> None:
        super().__init__()
        if harmonics < 1:
            raise ValueError(f"Periodic: harmonics must be at least 1, got {harmonics}")
        self.rescale = Rescale(pde)
        self.periodic = _periodic(pde)
        self.harmonics = harmonics
        self.mirrors = _mirrors(pde) if fold else {}
        waves = [harmonics * (1 if index in self.mirrors else 2) for index in range(len(self.periodic))]
        self.features = sum(count if repeats else 1 for count, repeats in zip(waves, self.periodic, strict=True))

    def forward(self, x: Tensor) -> Tensor:
        z = self.rescale(x)  # (N, coordinates)
        columns: list[Tensor] = []
        for index, repeats in enumerate(self.periodic):
            column = z[:, index : index + 1]  # (N, 1)
            columns += self._waves(column, self.mirrors.get(index)) if repeats else [column]
        return torch.cat(columns, dim=1)  # (N, features)

    def _waves(self, z: Tensor, mirror: float | None) -> list[Tensor]:
        kinds = (torch.cos, torch.sin) if mirror is None else (torch.cos,)
        phases = [math.pi * k * (z if mirror is None else z - mirror) for k in range(1, self.harmonics + 1)]
        return [wave(phase) for phase in phases for wave in kinds]


class Fourier(nn.Module):
    """Random Fourier features cos(π B z), sin(π B z): (N, coordinates) to (N, features).

    z are the coordinates rescaled to [-1, 1] and B ~ N(0, scale²) counts waves across the domain, as in
    Tancik et al. (2020, arXiv:2006.10739). Entries of B for periodic coordinates are rounded to whole
    waves, so that the features repeat with the domain. B, shape (features / 2, coordinates), is drawn from
    `seed` and part of the state dict.
    Raises ValueError for a number of features that is odd or below 2, a scale that is not positive, one so
    small that no wave is left in a periodic coordinate, and as `Periodic` does.
    """

    waves: Tensor

    def __init__(self, pde: Domain, *, features: int = 64, scale: float = 1.0, seed: int = 0) -> None:
        super().__init__()
        if features < 2 or features % 2:
            raise ValueError(f"Fourier: features must be even (a cosine and a sine each) and positive, got {features}")
        if not 0 < scale < math.inf:
            raise ValueError(f"Fourier: scale must be positive and finite, got {scale}")
        self.rescale = Rescale(pde)
        self.features = features
        periodic = torch.tensor(_periodic(pde))
        shape = (features // 2, len(periodic))
        waves = scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        waves = torch.where(periodic, waves.round(), waves)
        lost = [name for name, count in zip(pde.inputs, waves.abs().sum(dim=0), strict=True) if not count]
        if lost:
            raise ValueError(f"Fourier: with scale {scale} and seed {seed} no wave is left in {lost}; raise scale")
        self.register_buffer("waves", waves.to(torch.get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        phase = math.pi * F.linear(self.rescale(x), self.waves)  # (N, features / 2)
        return torch.cat([torch.cos(phase), torch.sin(phase)], dim=1)  # (N, features)


def _ranges(pde: Domain) -> tuple[tuple[float, float], ...]:
    if not pde.inputs:
        raise ValueError("pde.inputs: expected at least one coordinate with its range, got none")
    for name, (low, high) in pde.inputs.items():
        if not -math.inf < low < high < math.inf:
            raise ValueError(f"pde.inputs.{name}: expected finite low < high, got ({low}, {high})")
    return tuple((float(low), float(high)) for low, high in pde.inputs.values())


def _periodic(pde: Domain) -> tuple[bool, ...]:
    unknown = [name for name in pde.periodic if name not in pde.inputs]
    if unknown:
        raise ValueError(f"pde.periodic: no coordinate {unknown[0]!r}; known: {', '.join(pde.inputs)}")
    return tuple(name in pde.periodic for name in pde.inputs)


def _mirrors(pde: Domain) -> dict[int, float]:
    """Where the mirrors of rescaled coordinates stand, by column."""
    found = {}
    for name, mirror in pde.mirrors.items():
        if name not in pde.periodic:
            raise ValueError(f"pde.mirrors: '{name}' is not among the periodic coordinates: {', '.join(pde.periodic)}")
        low, high = pde.inputs[name]
        found[list(pde.inputs).index(name)] = (2 * mirror.at - low - high) / (high - low)
    return found
