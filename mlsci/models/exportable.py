"""What a model offers to be written as a file that works without mlsci."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True, eq=False, kw_only=True)
class Exportable:
    """A module of tensors in, tensors out.

    Args:
        module: in evaluation mode.
        examples: inputs; the first is traced.
        answers: what the file must answer to each example.
        shapes: which axes of the inputs may have any length, as `torch.export` takes it.
        inputs, outputs: their names.
        tolerance: how far the file's answers may be off.
    """

    module: nn.Module
    examples: Sequence[tuple[Tensor, ...]]
    answers: Sequence[tuple[Tensor, ...]]
    shapes: tuple[dict[int, Any], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tolerance: float
