"""Reference solutions of equations: closed forms and solvers, over all values of the spanned coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlsci.science.pde.base import PDE, Parameters
from mlsci.science.pde.fields import View
from mlsci.science.pde.parameters import Span
from mlsci.science.pde.reference import Reference
from mlsci.science.solvers.grid import Grid

Array = NDArray[np.float64]

SPANNED = 3  # values of a spanned coefficient that are scored: both ends and the middle

Exact = Callable[[Any, Any], Any]


def over_coefficients(pde: PDE, solve: Callable[[Any], Reference]) -> Reference | None:
    """What `solve(p)` gives for numbers p.nu, ...; with spanned coefficients, for every combination of their values.

    The spanned coefficients become the last columns of the points. A learned coefficient has its true value; where
    that is not known, neither is the reference: None.
    """
    if any(unknown.truth is None for unknown in pde.learned.values()):
        return None
    fixed = {name: value for name, value in pde.coefficients.items() if not isinstance(value, Span)}
    fixed |= {name: unknown.truth for name, unknown in pde.learned.items()}
    spans = {name: value for name, value in pde.coefficients.items() if isinstance(value, Span)}
    if not spans:
        return solve(Parameters(fixed))
    axes = {name: np.linspace(span.low, span.high, SPANNED) for name, span in spans.items()}
    values = [dict(zip(axes, map(float, combination), strict=True)) for combination in product(*axes.values())]
    parts = [solve(Parameters({**fixed, **chosen})) for chosen in values]
    return _joined(parts, values, axes)


def on_closed_form(pde: PDE, exact: Exact, *, counts: Sequence[int]) -> Reference | None:
    """`exact(c, p)`, a field or a tuple of them as torch functions of the coordinates c.x, ..., on a regular grid."""

    def solve(p: Any) -> Reference:
        ranges = zip(pde.coordinates.items(), counts, strict=True)
        axes = {name: np.linspace(low, high, count) for (name, (low, high)), count in ranges}
        grid = np.stack(np.meshgrid(*axes.values(), indexing="ij"), axis=-1)
        values = at_points(pde, exact, torch.from_numpy(grid.reshape(-1, len(axes))), p).numpy()
        values = values.reshape(*grid.shape[:-1], len(pde.fields))
        return Reference.on_grid(axes, values, self_error=0.0, source="closed form")

    return over_coefficients(pde, solve)


def at_points(pde: PDE, exact: Exact, points: Tensor, p: Any) -> Tensor:
    """`exact(c, p)` at points (N, d): (N, fields)."""
    found = exact(View(points, tuple(pde.coordinates)), p)
    return torch.stack(list(found if isinstance(found, tuple) else (found,)), dim=1)


def on_space_time(grid: Grid, *, x: int = 1, source: str) -> Reference:
    """Every `x`-th point of a solution in space and time; a complex one as its real and imaginary part."""
    thin = grid.thinned(x=x)
    u = np.stack([thin.u.real, thin.u.imag] if np.iscomplexobj(thin.u) else [thin.u], axis=-1)  # (T, X, fields)
    return Reference.on_grid(
        {"x": thin.x, "t": thin.t}, u.transpose(1, 0, 2), self_error=grid.self_error, source=source
    )


def rounded_kink(c: Any, *, slope: float, half: float, diffusivity: float) -> Any:
    """What diffusion makes of a kink, slope · |distance to ±half|, that a state has when continued periodically.

    With |distance| = 2·half/π · cos(πx / 2·half) =: d it is slope · sqrt(d² + 4Dt/π): as a background its growth
    cancels the kink at once. Without it the ansatz u₀ + (t - t₀) n carries the kink along for ever. At d = 0 it is what
    the heat equation makes of a kink.
    """
    distance = 2 * half / math.pi * torch.cos(math.pi / (2 * half) * c.x)
    return slope * torch.sqrt(distance**2 + (4 * diffusivity / math.pi) * c.t)


def _joined(parts: Sequence[Reference], values: Sequence[Mapping[str, float]], axes: Mapping[str, Array]) -> Reference:
    """One reference of several; on a grid the coefficients are its last axes."""
    columns = [torch.tensor([*chosen.values()], dtype=torch.float64) for chosen in values]
    points = [
        torch.cat([part.points, column.expand(len(part.points), -1)], dim=1)
        for part, column in zip(parts, columns, strict=True)
    ]
    return Reference(
        points=torch.stack(points, dim=1).flatten(0, 1),
        values=torch.stack([part.values for part in parts], dim=1).flatten(0, 1),
        self_error=max(part.self_error for part in parts),
        source=parts[0].source,
        axes={**parts[0].axes, **axes} if parts[0].axes else {},
    )
