"""All equations of a problem at their points: residuals, loss, and residual rows with their Jacobian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from mlsci.science.collocation.block import Block
from mlsci.science.collocation.derivative import Derivative, Taylor
from mlsci.science.collocation.jacobian import Columns, spans
from mlsci.science.collocation.solution import Solution
from mlsci.science.jets.linear import Recorded, recording
from mlsci.science.pde.base import known_parameters
from mlsci.science.pde.fields import Fields, stack_residuals


class System:
    """Residuals of a solution in several blocks.

    Args:
        solution: the fields.
        coefficients: learned coefficients of the equation, scalars by name.
        derivative: how derivatives are taken for residuals and losses; the Jacobian always goes by Taylor streams.

    Attributes:
        blocks: the equations at their points.
        latest: residuals (N, equations) of the last loss or Jacobian, by block.
    """

    def __init__(self, *, solution: Solution, coefficients: Mapping[str, Tensor], derivative: Derivative):
        self.solution = solution
        self.coefficients = dict(coefficients)
        self.derivative = derivative
        self.blocks: list[Block] = []
        self.latest: dict[str, Tensor] = {}
        self._taylor = derivative if isinstance(derivative, Taylor) else Taylor()
        self._room: Tensor | None = None

    def __call__(self) -> Tensor:
        """The rows, as optimizers of least squares ask for them."""
        return self.rows()

    def parameters(self) -> list[Tensor]:
        """What is trained: the net, then the learned coefficients."""
        return [p for p in self.solution.net.parameters() if p.requires_grad] + list(self.coefficients.values())

    def residuals(self, block: Block, *, derivative: Derivative | None = None) -> Tensor:
        """The residuals of a block, (N, equations)."""
        fields = (derivative or self.derivative)(self.solution, block)
        return self._evaluate(block, fields, self.coefficients)

    def loss(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Σ weight · mean(point weight · residual²), and the mean square of every block alone."""
        total: Any = 0.0
        parts: dict[str, Tensor] = {}
        for block in self.blocks:
            residuals = self.residuals(block)
            self.latest[block.name] = residuals.detach()
            squares = residuals.square().sum(1)
            parts[block.name] = squares.detach().mean()
            weighted = squares if block.point_weights is None else squares * block.point_weights
            total = total + block.weight * weighted.mean()
        return total, parts

    @torch.no_grad()
    def rows(self) -> Tensor:
        """All residuals, scaled so that their sum of squares is the loss."""
        return torch.cat([self._scaled(b, self.residuals(b, derivative=self._taylor)) for b in self.blocks])

    def jacobian(self, parameters: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The rows and their derivatives by all parameters, (R,) and (R, P).

        One backward pass an equation, to the outputs of the linear layers; there the derivative of a row by a
        weight is the outer product of what goes in and what comes back, summed over streams.

        Raises:
            TypeError: a parameter that acts otherwise than in a linear layer, elementwise, or as a coefficient.
        """
        passes = [self._recorded(block) for block in self.blocks]
        lines, total = spans(parameters), sum(p.numel() for p in parameters)
        whole = self._storage(total, sum(one.values.numel() for one in passes), like=passes[0].values)
        rows, filled = [], 0
        for block in self.blocks:
            one = passes.pop(0)  # its graph goes when it has been used
            count = one.values.numel()
            self._fill(whole[:, filled : filled + count], block, one, lines)
            self.latest[block.name] = one.values.detach()
            rows.append(self._scaled(block, one.values.detach()))
            filled += count
        return torch.cat(rows), whole.T

    def _evaluate(self, block: Block, fields: Any, coefficients: Mapping[str, Tensor]) -> Tensor:
        parameters = known_parameters(self.solution.pde, block.points, coefficients)
        result = stack_residuals(block.equation(fields, parameters), name=block.name, count=len(block.points))
        return result[: block.count] - result[block.count :] if block.paired else result

    def _scaled(self, block: Block, residuals: Tensor) -> Tensor:
        """(N, equations) -> (equations · N,)."""
        return (residuals * self._scale(block, residuals)[:, None]).T.reshape(-1)

    def _scale(self, block: Block, like: Tensor) -> Tensor:
        weights = like.new_ones(block.count) if block.point_weights is None else block.point_weights
        return (weights * (block.weight / block.count)).sqrt()

    def _recorded(self, block: Block) -> _Pass:
        """Residuals with a graph back to every linear layer, and to one copy a point of every other parameter."""
        count = len(block.points)
        leaves: dict[int, Tensor] = {
            id(value): value.detach().expand(count).clone().requires_grad_() for value in self.coefficients.values()
        }
        coefficients = {name: leaves[id(value)] for name, value in self.coefficients.items()}
        swapped = _per_point(self.solution.net, count)
        leaves |= dict(swapped.values())
        with recording() as records:
            fields = self._fields(block, {name: leaf for name, (_, leaf) in swapped.items()})
            values = self._evaluate(block, fields, coefficients)
        return _Pass(values=values, leaves=leaves, records=records)

    def _fields(self, block: Block, swapped: Mapping[str, Tensor]) -> Fields:
        if not swapped:
            return self._taylor(self.solution, block)
        module = _Module(self._taylor, self.solution, block)
        return functional_call(module, {f"solution.net.{name}": value for name, value in swapped.items()})

    def _fill(self, place: Tensor, block: Block, one: _Pass, lines: Mapping[int, tuple[int, int]]) -> None:
        """The columns of a block, one equation after the other."""
        known = [(key, leaf) for key, leaf in one.leaves.items() if key in lines]
        targets = [record.output for record in one.records] + [leaf for _, leaf in known]
        scale = self._scale(block, one.values.detach())
        for equation, part in enumerate(place.split(block.count, dim=1)):
            gradients = torch.autograd.grad(
                one.values[:, equation],
                targets,
                grad_outputs=scale,
                retain_graph=equation + 1 < one.values.shape[1],
                allow_unused=True,
            )
            columns = Columns(part, lines, paired=block.paired)
            for record, gradient in zip(one.records, gradients, strict=False):
                if gradient is not None:
                    columns.add_layer(record, gradient)
            for (key, leaf), gradient in zip(known, gradients[len(one.records) :], strict=True):
                if gradient is not None:
                    columns.add(key, gradient.reshape(len(leaf), -1).T)
            columns.finish()

    def _storage(self, lines: int, columns: int, *, like: Tensor) -> Tensor:
        """Room for the Jacobian (P, R), used again at every step."""
        if self._room is None or self._room.numel() < lines * columns or self._room.device != like.device:
            self._room = like.new_empty(lines * columns)
        return self._room[: lines * columns].view(lines, columns)


@dataclass(frozen=True)
class _Pass:
    """Residuals (N, equations) with their graph, its ends by parameter, and the linear layers on the way."""

    values: Tensor
    leaves: dict[int, Tensor]
    records: list[Recorded]


class _Module(nn.Module):
    """The pass as a module, so that parameters can be swapped by name."""

    def __init__(self, taylor: Taylor, solution: Solution, block: Block):
        super().__init__()
        self.taylor = taylor
        self.solution = solution
        self.block = block

    def forward(self) -> Fields:
        return self.taylor(self.solution, self.block)


def _per_point(net: nn.Module, count: int) -> dict[str, tuple[int, Tensor]]:
    """Parameters outside of linear layers, by name: their identity and one copy a point."""
    inside = {id(p) for module in net.modules() if isinstance(module, nn.Linear) for p in module.parameters()}
    found = {}
    for name, parameter in net.named_parameters():
        if id(parameter) in inside or not parameter.requires_grad:
            continue
        if parameter.ndim > 1:
            raise TypeError(
                f"net.{name}: Levenberg-Marquardt takes parameters of linear layers, scalars and vectors, "
                f"got shape {tuple(parameter.shape)}; use optimizer=soap"
            )
        row = parameter.detach().reshape(1, -1).expand(count, -1).clone().requires_grad_()
        found[name] = (id(parameter), row)
    return found
