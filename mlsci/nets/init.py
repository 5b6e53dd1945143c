"""Where the weights of a physics-informed net start; each is called with the net and embedded points of its domain."""

import math
from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor, nn

from mlsci.errors import ConfigError
from mlsci.nets.activations import Sine


class Equation(Protocol):
    """What a start asks of a differential equation."""

    def derivatives(self) -> Iterable[tuple[int, ...]]:
        """The derivatives it reads, as orders by coordinate."""


class AsIs:
    """Leaves the net as its constructor made it."""

    def __call__(self, net: nn.Module, points: Tensor, *, generator: torch.Generator) -> None:
        """Nothing to do."""


class Glorot:
    """Weights of every affine map ~ N(0, gain² 2 / (inputs + outputs)), biases 0 (Glorot & Bengio, 2010).

    Raises ValueError for a gain that is not positive.
    """

    def __init__(self, *, gain: float = 1.0) -> None:
        if not 0 < gain < math.inf:
            raise ValueError(f"Glorot: gain must be positive and finite, got {gain}")
        self.gain = gain

    def __call__(self, net: nn.Module, points: Tensor, *, generator: torch.Generator) -> None:
        """Changes `net` in place; `points` are not used."""
        for layer in _affine_maps(net):
            std = self.gain * math.sqrt(2 / (layer.in_features + layer.out_features))
            _set(layer, std * _normal(layer.weight.shape, generator), torch.zeros(layer.out_features))


class MultiScale:
    """Glorot, but first layers with steep and flat neurons all over the domain.

    A neuron of a first layer is φ(s d·(x - c)): d a random unit vector, s = 10^(lowest + decades U), U uniform
    in [0, 1), and c a random one of the embedded points, so that no neuron is spent where there is no domain
    and thin layers meet steep neurons from the start.

    In an equation of order m a neuron counts with its slope to the power m. Unless `decades` are given they are 3 / m
    with the order of `pde`, at most 1.5, so that no steep neuron drowns the others.

    Raises ValueError for decades below 0; when called, ConfigError for a net without a first layer or points
    that do not fit it.
    """

    def __init__(self, *, pde: Equation | None = None, decades: float | None = None, lowest: float = -0.3) -> None:
        if decades is None:
            decades = min(1.5, 3 / max(_order(pde), 1))
        if not (0 <= decades < math.inf and math.isfinite(lowest)):
            raise ValueError(
                f"MultiScale: decades must be at least 0 and lowest finite, got decades={decades}, lowest={lowest}"
            )
        self.decades, self.lowest = decades, lowest

    def __call__(self, net: nn.Module, points: Tensor, *, generator: torch.Generator) -> None:
        """Changes `net` in place; `points` (N, F) are what it sees of the domain."""
        layers = _fitting(net, points)
        Glorot()(net, points, generator=generator)
        for layer in layers:
            self._spread(layer, points, generator)

    def _spread(self, layer: nn.Linear, points: Tensor, generator: torch.Generator) -> None:
        directions = _normal(layer.weight.shape, generator)  # (neurons, F)
        directions = directions / directions.norm(dim=1, keepdim=True)
        slopes = 10 ** (self.lowest + self.decades * _uniform((layer.out_features, 1), generator))
        weight = slopes * directions  # (neurons, F)
        chosen = torch.randint(len(points), (layer.out_features,), generator=generator, device=generator.device)
        centres = points.detach()[chosen.to(points.device)].to(weight)  # (neurons, F)
        _set(layer, weight, -(weight * centres).sum(dim=1))


class Siren:
    """The start of nets of sines: see `siren_`; `omega` unless given is that of the last sine in the net.

    Raises ValueError for an omega that is not positive; when called without one, ConfigError for a net
    without a sine.
    """

    def __init__(self, *, omega: float | None = None) -> None:
        if omega is not None and not 0 < omega < math.inf:
            raise ValueError(f"Siren: omega must be positive and finite, or null, got {omega}")
        self.omega = omega

    def __call__(self, net: nn.Module, points: Tensor, *, generator: torch.Generator) -> None:
        """Changes `net` in place; `points` are not used."""
        siren_(net, omega=self._omega(net), generator=generator)

    def _omega(self, net: nn.Module) -> float:
        found = [module.omega for module in net.modules() if isinstance(module, Sine)]
        if self.omega is None and not found:
            raise ConfigError(
                f"init=siren: {type(net).__name__} has no sine; take net=siren, "
                "net.activation._target_=mlsci.nets.activations.Sine, or give init.omega"
            )
        return found[-1] if self.omega is None else self.omega


def siren_(net: nn.Module, *, omega: float, generator: torch.Generator | None = None) -> None:
    """Weights ~ U(±1/n) in first layers, U(±√(6/n) / omega) in the others, biases ~ U(±1/√n); n inputs of the layer.

    In place. Sitzmann et al. (2020, arXiv:2006.09661), biases as in their code.
    """
    first = first_layers(net)
    for layer in _affine_maps(net):
        n = layer.in_features
        bound = 1 / n if any(layer is known for known in first) else math.sqrt(6 / n) / omega
        weight = bound * (2 * _uniform(layer.weight.shape, generator) - 1)
        _set(layer, weight, (2 * _uniform((layer.out_features,), generator) - 1) / math.sqrt(n))


def first_layers(net: nn.Module) -> list[nn.Linear]:
    """The affine maps that see the input itself: what the net's `first_layers()` says, else its first one."""
    stated = getattr(net, "first_layers", None)
    return list(stated()) if callable(stated) else _affine_maps(net)[:1]


def _fitting(net: nn.Module, points: Tensor) -> list[nn.Linear]:
    """The first layers, all of which can take the points and have a bias."""
    layers, name = first_layers(net), type(net).__name__
    if not layers:
        raise ConfigError(f"init=multiscale: {name} has no affine map of its input; take init=glorot or init=none")
    if points.ndim != 2 or not len(points):
        raise ConfigError(f"init=multiscale: expected embedded points (N, F), got {tuple(points.shape)}")
    for layer in layers:
        if layer.in_features != points.shape[1]:
            raise ConfigError(
                f"init=multiscale: a first layer of {name} takes {layer.in_features} features, "
                f"the embedding gives {points.shape[1]}"
            )
        if layer.bias is None:
            raise ConfigError(f"init=multiscale: a first layer of {name} has no bias; take init=glorot or init=none")
    return layers


def _affine_maps(net: nn.Module) -> list[nn.Linear]:
    return [module for module in net.modules() if isinstance(module, nn.Linear)]


@torch.no_grad()
def _set(layer: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    layer.weight.copy_(weight)
    if layer.bias is not None:
        layer.bias.copy_(bias)


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    # In float64 whatever the net's type, so that a seed means one net.
    return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)


def _uniform(shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
    device = None if generator is None else generator.device
    return torch.rand(shape, generator=generator, device=device, dtype=torch.float64)


def _order(pde: Equation | None) -> int:
    """The order of an equation; 2 where there is none."""
    return 2 if pde is None else max((sum(index) for index in pde.derivatives()), default=0)
