"""Neural ordinary differential equations (Chen et al. 2018, arXiv:1806.07366), integrated with fixed steps."""

import itertools
from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from mlsci.nets import check_shape


class NeuralODE(nn.Module):
    """dh/dt = f(h): maps a past (B, look_back, F) to the next values (B, steps, F).

    The state h (B, F + hidden_states) begins as the last values of the past, followed by `hidden_states` that an affine
    map reads off the whole past (Dupont et al. 2019: augmented neural ODEs): they stand for what is not observed. f is
    a multilayer perceptron. Between two samples lie `substeps` steps of the classical Runge-Kutta method, and gradients
    run back through them. Raises ValueError for counts below 1 and inputs of another shape.

    Args:
        in_shape: (look_back, F).
        out_features: steps · F, the values to be given.
        hidden_states: further coordinates of the state; 0 where all of it is observed.
        hidden: width of f.
        layers: hidden layers of f.
        interval: time between two samples, in the net's own unit: small intervals make f large.
        substeps: Runge-Kutta steps an interval.
        activation: of f, SiLU unless given.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        hidden_states: int = 0,
        hidden: int = 64,
        layers: int = 2,
        interval: float = 1.0,
        substeps: int = 1,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if len(in_shape) != 2 or out_features < 1 or out_features % in_shape[-1]:
            raise ValueError(
                "NeuralODE maps pasts (look_back, F) to a multiple of F values, "
                f"got inputs of shape {tuple(in_shape)} and {out_features} outputs"
            )
        if min(layers, substeps, hidden) < 1 or hidden_states < 0 or interval <= 0:
            raise ValueError(
                "NeuralODE: expected layers, hidden, substeps >= 1, hidden_states >= 0 and interval > 0, "
                f"got {layers}, {hidden}, {substeps}, {hidden_states} and {interval}"
            )
        self.look_back, self.features = (int(size) for size in in_shape)
        self.steps = out_features // self.features
        self.substeps, self.interval = substeps, interval
        self.encoder = nn.Linear(self.look_back * self.features, hidden_states) if hidden_states else None
        size = self.features + hidden_states
        widths = [size, *[hidden] * layers]
        parts: list[nn.Module] = []
        for narrow, wide in itertools.pairwise(widths):
            parts += [nn.Linear(narrow, wide), nn.SiLU() if activation is None else deepcopy(activation)]
        self.field = nn.Sequential(*parts, nn.Linear(hidden, size))

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, self.look_back, self.features)
        state = x[:, -1]  # (B, F)
        if self.encoder is not None:
            state = torch.cat((state, self.encoder(x.flatten(1))), dim=1)  # (B, F + hidden_states)
        seen = []
        for _ in range(self.steps):
            for _ in range(self.substeps):
                state = runge_kutta_step(self.field, state, self.interval / self.substeps)
            seen.append(state[:, : self.features])
        return torch.stack(seen, dim=1)  # (B, steps, F)


def runge_kutta_step(field: Callable[[Tensor], Tensor], state: Tensor, step: float) -> Tensor:
    """One step of the classical Runge-Kutta method of order 4 for dh/dt = field(h)."""
    first = field(state)
    second = field(state + 0.5 * step * first)
    third = field(state + 0.5 * step * second)
    fourth = field(state + step * third)
    return state + step / 6 * (first + 2 * second + 2 * third + fourth)
