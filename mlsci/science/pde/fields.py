"""What an equation reads: fields, coordinates and derivatives by name, from a jet, from autograd, or in a dry run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mlsci.science.jets import Jet
from mlsci.science.pde.names import MultiIndex, parse


class View:
    """Names for columns: `view.x` is column 0 of (N, d), as a tensor or jet (N,)."""

    def __init__(self, columns: Any, names: Sequence[str]):
        self._columns = columns
        self._names = tuple(names)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"'{name}' is none of {', '.join(self._names)}")
        return self._columns[:, self._names.index(name)]


class Fields:
    """Fields, coordinates and derivatives at N points, each a tensor (N,): `f.u`, `f.x`, `f.u_xx`.

    Raises ConfigError for a name that is no field, coordinate or derivative.
    """

    def __init__(
        self,
        *,
        fields: Sequence[str],
        coordinates: Sequence[str],
        points: Tensor,
        normals: Tensor | None = None,
    ):
        self._fields = tuple(fields)
        self._coordinates = tuple(coordinates)
        self._points = points
        self._normals = normals

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._coordinates:
            return self._points[:, self._coordinates.index(name)]
        return self._derivative(*parse(name, fields=self._fields, coordinates=self._coordinates))

    def __call__(self, name: str) -> Tensor:
        """A field or derivative by a name that was put together, `f("u_" + 2 * x)`."""
        return getattr(self, name)

    def normal(self, field: str) -> Tensor:
        """The derivative along the outward normal, on a boundary."""
        if self._normals is None:
            raise ValueError(f"normal('{field}'): these points lie on no boundary")
        number, _ = parse(field, fields=self._fields, coordinates=self._coordinates)
        units = torch.eye(len(self._coordinates), dtype=torch.long).tolist()
        parts = [self._normals[:, i] * self._derivative(number, tuple(unit)) for i, unit in enumerate(units)]
        return torch.stack(parts).sum(0)

    def _derivative(self, field: int, index: MultiIndex) -> Tensor:
        raise NotImplementedError


class JetFields(Fields):
    """Derivatives read off a jet of all fields, (S, N, fields)."""

    def __init__(
        self,
        *,
        jet: Jet,
        fields: Sequence[str],
        coordinates: Sequence[str],
        points: Tensor,
        normals: Tensor | None = None,
    ):
        super().__init__(fields=fields, coordinates=coordinates, points=points, normals=normals)
        self._columns = [Jet(streams, jet.layout) for streams in jet.streams.unbind(-1)]

    def _derivative(self, field: int, index: MultiIndex) -> Tensor:
        return self._columns[field].derivative(index)


class NestedFields(Fields):
    """Derivatives by reverse mode over reverse mode, each made when it is first read, and kept.

    `points` must want gradients; `values` (N, fields) are the solution there.
    """

    def __init__(
        self,
        *,
        values: Tensor,
        fields: Sequence[str],
        coordinates: Sequence[str],
        points: Tensor,
        normals: Tensor | None = None,
    ):
        super().__init__(fields=fields, coordinates=coordinates, points=points, normals=normals)
        self._values = values
        self._known: dict[tuple[int, MultiIndex], Tensor] = {}

    def _derivative(self, field: int, index: MultiIndex) -> Tensor:
        if not any(index):
            return self._values[:, field]
        if (field, index) not in self._known:
            self._differentiate(field, index)
        return self._known[field, index]

    def _differentiate(self, field: int, index: MultiIndex) -> None:
        """One backward pass gives the derivatives along all coordinates at once."""
        last = max(i for i, order in enumerate(index) if order)
        below = tuple(order - (i == last) for i, order in enumerate(index))
        lower = self._derivative(field, below)
        gradient = _gradient(lower, self._points)
        for i in range(len(index)):
            self._known[field, tuple(order + (j == i) for j, order in enumerate(below))] = gradient[:, i]


def _gradient(values: Tensor, points: Tensor) -> Tensor:
    if not values.requires_grad:
        return torch.zeros_like(points)
    (found,) = torch.autograd.grad(values.sum(), points, create_graph=True, allow_unused=True)
    return torch.zeros_like(points) if found is None else found


class Recorder(Fields):
    """A dry run: random values for everything, and a record of which derivatives were read."""

    def __init__(
        self,
        *,
        fields: Sequence[str],
        coordinates: Sequence[str],
        points: Tensor,
        normals: Tensor | None = None,
    ):
        super().__init__(fields=fields, coordinates=coordinates, points=points, normals=normals)
        self.read: set[MultiIndex] = set()

    def _derivative(self, field: int, index: MultiIndex) -> Tensor:
        self.read.add(index)
        generator = torch.Generator().manual_seed(hash((field, *index)) % 2**31)
        return torch.rand(len(self._points), generator=generator, dtype=self._points.dtype) + 0.5


Equation = Callable[[Fields, View], Any]


def stack_residuals(result: Any, *, name: str, count: int) -> Tensor:
    """One residual (N,) or several (a tuple, list or dict of them) as (N, m).

    Raises:
        ValueError: something else than N numbers an equation.
    """
    parts = list(result.values()) if isinstance(result, Mapping) else result
    parts = list(parts) if isinstance(parts, tuple | list) else [parts]
    for part in parts:
        if not isinstance(part, Tensor) or part.shape != (count,):
            got = tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__
            raise ValueError(f"{name}: expected one value a point, ({count},), got {got}")
    return torch.stack(parts, dim=1)
