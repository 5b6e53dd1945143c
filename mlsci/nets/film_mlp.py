"""A residual perceptron that a condition modulates (FiLM: Perez et al. 2018, arXiv:1709.07871)."""

from copy import deepcopy

import torch
from torch import Tensor, nn

from mlsci.nets import flatten


class FiLM(nn.Module):
    """h -> h (1 + scale) + shift on axis 1, scale and shift affine in the condition (B, features); at first h -> h."""

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.affine = nn.Linear(features, 2 * width)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.affine(condition).reshape(len(h), -1, *(1,) * (h.ndim - 2)).chunk(2, dim=1)
        return torch.addcmul(shift, h, 1 + scale)  # the shape of h


class FiLMMLP(nn.Module):
    """(x (B, ...), condition (B, condition_features)) -> (B, out_features).

    h' = h + W2 φ(FiLM(norm(W1 φ(h)), e)) in each of `layers` blocks, e a perceptron of the condition, `hidden` wide.
    With condition_features=0 it is net(x), a plain residual perceptron. `activation` is SiLU unless given.
    Raises ValueError for fewer than one layer and inputs of another size.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        condition_features: int = 0,
        hidden: int = 128,
        layers: int = 3,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"FiLMMLP: layers must be at least 1, got {layers}")
        self.in_features, self.condition_features = in_features, condition_features
        activation = nn.SiLU() if activation is None else activation
        self.stem = nn.Linear(in_features, hidden)
        self.encode = encoder(condition_features, hidden, activation=activation) if condition_features else None
        self.blocks = nn.ModuleList(
            Block(hidden, conditions=hidden if condition_features else 0, activation=activation) for _ in range(layers)
        )
        self.head = nn.Sequential(nn.LayerNorm(hidden), deepcopy(activation), nn.Linear(hidden, out_features))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.stem(flatten(x, self.in_features))  # (B, hidden)
        e = None if self.encode is None or condition is None else self.encode(condition)  # (B, hidden)
        for block in self.blocks:
            h = block(h, e)  # (B, hidden)
        return self.head(h)  # (B, out_features)


class Block(nn.Module):
    """One residual block: (h (B, width), e (B, conditions) or None) -> (B, width)."""

    def __init__(self, width: int, *, conditions: int, activation: nn.Module) -> None:
        super().__init__()
        self.first = nn.Sequential(deepcopy(activation), nn.Linear(width, width), nn.LayerNorm(width))
        self.film = FiLM(conditions, width) if conditions else None
        self.second = nn.Sequential(deepcopy(activation), nn.Linear(width, width))

    def forward(self, h: Tensor, e: Tensor | None) -> Tensor:
        inner = self.first(h)  # (B, width)
        if self.film is not None and e is not None:
            inner = self.film(inner, e)
        return h + self.second(inner)  # (B, width)


def encoder(features: int, width: int, *, activation: nn.Module) -> nn.Sequential:
    """What a condition (B, features) becomes before it modulates: (B, width)."""
    return nn.Sequential(
        nn.Linear(features, width), deepcopy(activation), nn.Linear(width, width), deepcopy(activation)
    )
