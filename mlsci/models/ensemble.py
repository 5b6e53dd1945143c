"""Ensembles of independent nets: copies that are drawn anew, and the spread of their answers."""

from copy import deepcopy

import torch
from torch import Tensor, nn

from mlsci.errors import ConfigError


def members_of(net: nn.Module, count: int) -> nn.ModuleList:
    """The net and `count - 1` copies of it with weights of their own.

    Raises:
        ConfigError: fewer than one, or a part of the net has weights and no `reset_parameters()`.
    """
    if count < 1:
        raise ConfigError(f"model.members: expected at least 1, got {count}")
    return nn.ModuleList([net, *(_drawn_anew(net) for _ in range(count - 1))])


def _drawn_anew(net: nn.Module) -> nn.Module:
    copy = deepcopy(net)
    for part in copy.modules():
        if isinstance(part, nn.ParameterList | nn.ParameterDict):
            continue  # drawn by the module that holds it
        reset = getattr(part, "reset_parameters", None)
        if callable(reset):
            reset()
        elif next(part.parameters(recurse=False), None) is not None:
            raise ConfigError(
                f"model.members: {type(part).__name__} has weights and no reset_parameters(), so that no second "
                f"member can be drawn"
            )
    return copy


def spread(forces: Tensor) -> Tensor:
    """The length (N,) of the standard deviation over members of forces (K, N, 3)."""
    return torch.linalg.vector_norm(forces.std(dim=0, correction=1), dim=1)
