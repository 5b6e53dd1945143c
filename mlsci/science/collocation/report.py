"""What is reported of a finished solution: drift of conserved quantities, and standard errors of coefficients."""

from __future__ import annotations

import torch
from torch import Tensor

from mlsci.science.collocation.solution import Solution
from mlsci.science.collocation.system import System
from mlsci.science.jets.layout import HIGHEST_ORDER
from mlsci.science.pde.base import known_parameters
from mlsci.science.pde.fields import NestedFields, stack_residuals

CELLS = 512
TIMES = 11


def anywhere(solution: Solution, points: Tensor) -> NestedFields:
    """Fields and derivatives at any points (N, d), whatever their time window."""
    points = points.detach().requires_grad_()
    return NestedFields(values=solution(points), points=points, fields=solution.pde.fields, coordinates=solution.names)


def drift(system: System) -> dict[str, float]:
    """Largest change of every conserved quantity in time, relative to its first value.

    Quantities are integrals over one space coordinate; where the first value is below a thousandth of the integral of
    the density's size, the change is relative to that.
    """
    solution, pde = system.solution, system.solution.pde
    densities = pde.invariants()
    if not densities:
        return {}
    if list(pde.coordinates) != list(solution.names) or len(solution.names) != 2:
        return {}
    integrals: dict[str, list[Tensor]] = {name: [] for name in densities}
    sizes: dict[str, Tensor] = {}
    for points in _slices(solution):
        with torch.enable_grad():
            fields = anywhere(solution, points)
            parameters = known_parameters(pde, points, system.coefficients)
            for name, density in densities.items():
                values = density(fields, parameters).detach()
                integrals[name].append(values.mean())
                sizes.setdefault(name, values.abs().mean())
    return {name: _largest_change(torch.stack(found), sizes[name]) for name, found in integrals.items()}


def standard_errors(system: System) -> dict[str, float]:
    """Of the learned coefficients, from the noise of the observations.

    What a change ε of the observed rows does to the minimum of the loss is −H⁻¹ Jᵀε, with J the Jacobian of these rows
    and H = JᵀJ that of all of them, equations included; with s² the mean square of the observed rows the covariance of
    all parameters is s² H⁻¹ JᵀJ H⁻¹ (the sandwich of robust statistics). A coefficient that is trained through its
    logarithm has its value times the error of that.
    """
    if not system.coefficients or not any(block.kind == "data" for block in system.blocks):
        return {}
    if any(block.layout.order > HIGHEST_ORDER for block in system.blocks):  # there is no Jacobian
        return {}
    with torch.enable_grad():
        rows, jacobian = system.jacobian(system.parameters())
    counts = [system.latest[block.name].numel() for block in system.blocks]
    observed = torch.cat([torch.full((n,), b.kind == "data") for n, b in zip(counts, system.blocks, strict=True)])
    values, vectors = torch.linalg.eigh(jacobian.T @ jacobian)
    inverse = 1 / values.clamp_min(1e-15 * float(values[-1]))
    last = vectors[-len(system.coefficients) :]  # coefficients come after the net's parameters
    response = jacobian[observed.to(rows.device)] @ (vectors * inverse) @ last.T  # (observed rows, coefficients)
    variances = response.square().sum(0) * rows[observed.to(rows.device)].square().mean()
    learned = system.solution.pde.learned
    slopes = {name: float(learned[name].slope(trained.detach())) for name, trained in system.coefficients.items()}
    return {name: s * float(v) ** 0.5 for (name, s), v in zip(slopes.items(), variances, strict=True)}


def _slices(solution: Solution) -> list[Tensor]:
    """Cell centres over space, one tensor a time; equal weights are spectrally accurate where space is periodic."""
    time = solution.names.index(solution.pde.time)
    (low, high), (start, end) = (solution.pde.inputs[solution.names[k]] for k in (1 - time, time))
    like = next(solution.parameters())
    x = low + (high - low) * (torch.arange(CELLS, dtype=like.dtype, device=like.device) + 0.5) / CELLS
    found = []
    for t in torch.linspace(start, end, TIMES).tolist():
        columns = [x, x]
        columns[time] = torch.full_like(x, t)
        found.append(torch.stack(columns, dim=1))
    return found


def _largest_change(integrals: Tensor, size: Tensor) -> float:
    first = integrals[0].abs()
    return float((integrals - integrals[0]).abs().max() / (first if first > 1e-3 * size else size))


def residual_anywhere(system: System, points: Tensor) -> Tensor:
    """The residual of the equation (N, equations) at any points."""
    pde = system.solution.pde
    with torch.enable_grad():
        fields = anywhere(system.solution, points)
        result = pde.residual(fields, known_parameters(pde, points, system.coefficients))
        return stack_residuals(result, name="pde", count=len(points)).detach()
