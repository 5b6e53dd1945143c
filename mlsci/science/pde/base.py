"""The contract of a differential equation: coordinates, fields, residual, conditions, ansatz, reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.geometry.base import Geometry
from mlsci.science.geometry.box import Box
from mlsci.science.pde.conditions import Condition
from mlsci.science.pde.fields import Fields, Recorder, View, stack_residuals
from mlsci.science.pde.mirror import Mirror
from mlsci.science.pde.names import MultiIndex
from mlsci.science.pde.parameters import Learn, Span
from mlsci.science.pde.reference import Reference


@dataclass(kw_only=True, eq=False)
class PDE:
    """A differential equation.

    A subclass (a dataclass whose fields are its coefficients) states

        coordinates   name -> (low, high), in the order of the net's inputs
        fields        names of what is solved for
        periodic      coordinates along which the solution is periodic
        mirrors       name -> Mirror(at=..., odd=...): periodic coordinates in which it is even or odd
        residual(f, p)        the equation as it stands: f.u_t + f.u * f.u_x - p.nu * f.u_xx; several as a tuple

    and where they apply

        conditions()          what else holds: Initial, Dirichlet, Neumann, Robin, Periodic, Observations, Condition
        initial(c)            the fields at the start, as functions of the coordinates c.x, ...
        background(c)         a part of the fields that is known at all times, such as what becomes of a kink
        carriers(c)           known oscillations of the fields, which the net modulates
        ansatz(n, c)          fields from the net's outputs n.u, ..., such that conditions hold by construction
        domain()              the geometry, a box unless it says otherwise
        reference()           a known solution with its own error
        invariants()          name -> density(f, p): conserved quantities, integrated over space
        scored(values)        what the error is measured on, all fields unless it says otherwise

    A coefficient is a number, `Learn(initial=...)` or `Span(low=..., high=...)`.

    Everything in residual, initial, background, carriers and ansatz is written with torch functions and operators, so
    that it works on tensors and on jets alike.
    """

    coordinates: ClassVar[Mapping[str, tuple[float, float]]] = {}
    fields: ClassVar[Sequence[str]] = ("u",)
    periodic: ClassVar[Sequence[str]] = ()
    mirrors: ClassVar[Mapping[str, Mirror]] = {}
    time: ClassVar[str] = "t"

    def residual(self, f: Fields, p: View) -> Any:
        """What has to vanish in the domain, (N,) or several of them."""
        raise NotImplementedError(f"{type(self).__name__} has no residual(f, p)")

    def conditions(self) -> Sequence[Condition]:
        """What holds beside the equation."""
        return ()

    def initial(self, c: Any) -> Any:
        """The fields at the start, one value or a tuple; None where there is no start."""
        return None

    def background(self, c: Any) -> Any:
        """A part of the fields that is known at all times, one value or a tuple; None where there is none.

        What it has changed by since the start is added to `c.initial`, so that the ansatz leaves the net with the rest.
        """
        return None

    def carriers(self, c: Any) -> Sequence[Any]:
        """Known oscillations q₁, q₂, ..., each (N,): a field's output is then n = n₀ + n₁ q₁ + n₂ q₂ + ...

        What is fast but known up to a slow factor, such as a wave that runs through a potential, needs no fast net.
        """
        return ()

    def ansatz(self, n: Any, c: Any) -> Any:
        """The fields from the net's outputs: u = u₀ + (t − t₀)·n where there is an initial state, else n."""
        names = tuple(self.fields)
        if c.initial is None:
            return tuple(getattr(n, name) for name in names)
        return tuple(getattr(c.initial, name) + c.elapsed * getattr(n, name) for name in names)

    def domain(self) -> Geometry:
        """Where the equation holds, spanned coefficients included."""
        return Box(self.inputs)

    def reference(self) -> Reference | None:
        """A known solution; None where there is none."""
        return None

    def invariants(self) -> Mapping[str, Callable[[Fields, View], Tensor]]:
        """Densities of what is conserved in time."""
        return {}

    def scored(self, values: Tensor) -> Tensor:
        """What the error is measured on, from fields (N, fields)."""
        return values

    @property
    def legacy(self) -> str | None:
        """The name of a reference of the literature with these coefficients, see `mlsci.science.solvers.legacy`."""
        return None

    @property
    def coefficients(self) -> dict[str, Any]:
        """The equation's coefficients by name: numbers, `Learn` and `Span`."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def learned(self) -> dict[str, Learn]:
        """The unknown coefficients."""
        return {name: value for name, value in self.coefficients.items() if isinstance(value, Learn)}

    @property
    def inputs(self) -> dict[str, tuple[float, float]]:
        """Coordinates and spanned coefficients with their ranges: the inputs of a net, in order."""
        spans = {name: value for name, value in self.coefficients.items() if isinstance(value, Span)}
        return {**self.coordinates, **{name: (span.low, span.high) for name, span in spans.items()}}

    @property
    def outputs(self) -> int:
        """The number of outputs a net needs: one a field, and one a field for every carrier."""
        middle = torch.tensor([[(low + high) / 2 for low, high in self.inputs.values()]], dtype=torch.float64)
        return len(self.fields) * (1 + len(self.carriers(View(middle, tuple(self.inputs)))))

    def derivatives(self) -> set[MultiIndex]:
        """The derivatives that the residual reads, found in a dry run.

        Raises:
            ConfigError: it reads something that does not exist, or gives something else than one value a point.
        """
        return dry_run(self, self.residual, name="residual")


def dry_run(
    pde: PDE, equation: Callable[[Fields, View], Any], *, name: str, normals: bool = False, count: int = 3
) -> set[MultiIndex]:
    """Evaluate an equation on made-up values and give the derivatives that it read.

    Raises:
        ConfigError: see `PDE.derivatives`.
    """
    inputs = pde.inputs
    low, high = (torch.tensor([bounds[k] for bounds in inputs.values()], dtype=torch.float64) for k in (0, 1))
    unit = torch.rand(count, len(inputs), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points = low + (high - low) * unit
    recorder = Recorder(
        fields=pde.fields,
        coordinates=tuple(inputs),
        points=points,
        normals=torch.ones_like(points) if normals else None,
    )
    try:
        stack_residuals(equation(recorder, known_parameters(pde, points)), name=f"pde.{name}", count=count)
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"pde.{name} of {type(pde).__name__}: {error}") from error
    return recorder.read


class Parameters:
    """Coefficients by name: `p.nu` is a number, a learned scalar, or one value a point."""

    def __init__(self, values: Mapping[str, Any]):
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no coefficient '{name}'; there are: {', '.join(self.__dict__) or 'none'}")


def known_parameters(pde: PDE, points: Tensor, learned: Mapping[str, Tensor] | None = None) -> Any:
    """The coefficients at points (N, d): spanned ones are columns, learned ones from what is trained, or true."""
    names = list(pde.inputs)
    found: dict[str, Any] = {}
    for name, value in pde.coefficients.items():
        if isinstance(value, Span):
            found[name] = points[:, names.index(name)]
        elif isinstance(value, Learn):
            best = value.initial if value.truth is None else value.truth
            found[name] = best if learned is None else value.value(learned[name])
        else:
            found[name] = value
    return Parameters(found)
