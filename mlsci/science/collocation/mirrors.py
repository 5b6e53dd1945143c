"""Mirrors of an equation are tried before anything is trained: a false one would shut the solution out."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Generator, Tensor

from mlsci.science.collocation.derivative import Nested
from mlsci.science.collocation.points import Points
from mlsci.science.collocation.solution import Solution
from mlsci.science.collocation.system import System
from mlsci.science.pde.mirror import Mirror

PROBES = 64


def false_mirrors(points: Points, system: System) -> list[str]:
    """A message for every mirror in which the initial state or the equation looks another."""
    messages = []
    for name, mirror in points.pde.mirrors.items():
        pair = _probes(points, name, mirror)
        if _state_differs(points.solution, mirror, *pair):
            messages.append(f"pde.mirrors.{name}: the initial state is not odd or even about {mirror.at:g} as stated")
        elif _equation_differs(points, system, mirror, *pair):
            messages.append(f"pde.mirrors.{name}: the equation changes when {name} is mirrored about {mirror.at:g}")
    return messages


def _probes(points: Points, name: str, mirror: Mirror) -> tuple[Tensor, Tensor]:
    """Points (N, d), and where their mirror images are."""
    shape = (PROBES, points.geometry.unit_dimension)
    here = points.geometry.place(torch.rand(shape, generator=Generator().manual_seed(0), dtype=torch.float64))
    here = here.to(next(points.solution.parameters()))
    low, high = points.pde.inputs[name]
    there, column = here.clone(), points.solution.names.index(name)
    there[:, column] = low + (2 * mirror.at - here[:, column] - low) % (high - low)
    return here, there


def _state_differs(solution: Solution, mirror: Mirror, here: Tensor, there: Tensor) -> bool:
    states = [solution.place(x, 0).initial for x in (here, there)]
    if states[0] is None:
        return False
    left, right = (torch.stack([getattr(state, name) for name in solution.pde.fields], dim=1) for state in states)
    return _differ(left, right * _signs(solution, mirror, left))


def _equation_differs(points: Points, system: System, mirror: Mirror, here: Tensor, there: Tensor) -> bool:
    """Whether residuals change their size, for a net that is mirrored by its embedding; others say nothing."""
    solution = points.solution
    with torch.no_grad():
        left, right = solution.at(here, 0), solution.at(there, 0)
    if _differ(left, right * _signs(solution, mirror, left)):
        return False
    with torch.enable_grad():
        sizes: Any = [system.residuals(points.interior(x), derivative=Nested()).detach().abs() for x in (here, there)]
    return _differ(*sizes)


def _signs(solution: Solution, mirror: Mirror, like: Tensor) -> Tensor:
    return like.new_tensor([-1.0 if field in mirror.odd else 1.0 for field in solution.pde.fields])


def _differ(left: Tensor, right: Tensor) -> bool:
    tolerance = 1e3 * math.sqrt(torch.finfo(left.dtype).eps)
    return not torch.allclose(left, right, rtol=tolerance, atol=tolerance * float(left.abs().max()))
