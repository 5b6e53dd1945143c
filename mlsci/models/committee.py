"""A committee: several nets that learn the same task side by side, and answer together (Hansen & Salamon 1990)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.ensemble import members_of
from mlsci.models.supervised import Supervised
from mlsci.nets.scaling import Standardise


class Committee(Supervised):
    """L = mean over members of criterion(member(inputs(x)), targets(y)); the answer is the mean of their outputs.

    The members differ by their first weights and their dropout, and see the same batches, each in its own
    augmentation. The mean is taken of what the criterion sees: of logits, not of probabilities.

    Args:
        net: the first member; the others are copies with weights of their own.
        members: how many there are.
        criterion, metrics, inputs, targets, output, shape, augment: as for `Supervised`.

    Raises:
        ConfigError: fewer than one member, or a part of the net cannot draw its weights anew.
    """

    def __init__(
        self,
        *,
        net: nn.Module,
        members: int,
        criterion: Callable[[Tensor, Tensor], Tensor],
        metrics: Mapping[str, Metric] | None = None,
        inputs: Standardise | None = None,
        targets: Standardise | None = None,
        output: nn.Module | None = None,
        shape: Sequence[int] | None = None,
        augment: nn.Module | None = None,
    ):
        super().__init__(
            net=_Mean(members_of(net, members)),
            criterion=criterion,
            metrics=metrics,
            inputs=inputs,
            targets=targets,
            output=output,
            shape=shape,
            augment=augment,
        )

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean of the members' criteria on a batch (x, y), each as if it were alone."""
        x, y = batch
        y = y if self.targets is None else self.targets(y)
        losses = [self.criterion(self._said_by(member, x), y) for member in self.net.members]  # type: ignore[union-attr]
        return torch.stack(losses).mean(), {}

    def _said_by(self, member: nn.Module, x: Tensor) -> Tensor:
        x = x if self.augment is None else self.augment(x)
        return self.shaped(member(x if self.inputs is None else self.inputs(x)))


class _Mean(nn.Module):
    """The mean of what the members say."""

    def __init__(self, members: nn.ModuleList) -> None:
        super().__init__()
        self.members = members

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([member(x) for member in self.members]).mean(dim=0)
