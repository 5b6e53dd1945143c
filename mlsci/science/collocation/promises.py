"""Conditions that are said to hold by construction are looked at before anything is trained."""

from __future__ import annotations

import math

import torch
from torch import Generator

from mlsci.errors import ConfigError
from mlsci.science.collocation.block import Block
from mlsci.science.collocation.derivative import Nested
from mlsci.science.collocation.points import Points
from mlsci.science.collocation.system import System

PROBES = 64


def check_promises(points: Points, system: System) -> None:
    """Refuse a hard condition that ansatz and embedding don't fulfil, and mirrors that the equation does not have.

    Nobody would train the one, and the other would shut the solution out.

    Raises:
        ConfigError: one message for each of them; a derivative that the system can't take.
    """
    for layout in (points.layout, *points.layouts.values()):
        system.derivative.check(layout, points.solution.names)
    trained = {condition.name for condition in points.conditions}
    messages = _false_mirrors(points, system)
    for condition in points.pde.conditions():
        if condition.name in trained:
            continue
        places, normals = points.place(condition, PROBES, Generator().manual_seed(0))
        like = next(points.solution.parameters())
        block = Block(
            name=condition.name,
            kind=condition.kind,
            equation=condition.equation,
            points=places.to(like),
            layout=points.layout,
            normals=None if normals is None else normals.to(like),
            paired=condition.pair is not None,
        )
        with torch.enable_grad():
            off = float(system.residuals(block, derivative=Nested()).detach().abs().max())
        if not off <= 10 * math.sqrt(torch.finfo(like.dtype).eps):
            messages.append(
                f"pde: '{condition.name}' is marked hard, but the ansatz and the embedding leave it off by {off:.2g}; "
                f"state initial(c) or an ansatz that fulfils it, or mark it hard=False"
            )
    if messages:
        raise ConfigError(messages)


def _false_mirrors(points: Points, system: System) -> list[str]:
    """What is wrong with the mirrors of an equation: it, or its initial state, looks another in them."""
    solution, pde = points.solution, points.pde
    like = next(solution.parameters())
    some = points.geometry.place(torch.rand(PROBES, points.geometry.unit_dimension, generator=Generator().manual_seed(0)))
    messages = []
    for name, mirror in pde.mirrors.items():
        here = some.to(like)
        there = here.clone()
        column = solution.names.index(name)
        low, high = pde.inputs[name]
        there[:, column] = low + (2 * mirror.at - there[:, column] - low) % (high - low)
        signs = here.new_tensor([-1.0 if field in mirror.odd else 1.0 for field in pde.fields])
        start = [solution.place(x, 0).initial for x in (here, there)]
        if start[0] is not None and _differ(*(torch.stack([getattr(s, f) for f in pde.fields], 1) for s in start), signs):
            messages.append(f"pde.mirrors.{name}: the initial state is not as odd or even as stated about {mirror.at:g}")
            continue
        with torch.no_grad():
            folded = not _differ(solution.at(here, 0), solution.at(there, 0), signs)
        if folded and _residuals_differ(points, system, here, there):
            messages.append(f"pde.mirrors.{name}: the equation changes when x is mirrored about {mirror.at:g}")
    return messages


def _residuals_differ(points: Points, system: System, here: torch.Tensor, there: torch.Tensor) -> bool:
    with torch.enable_grad():
        sizes = [system.residuals(points.interior(x), derivative=Nested()).detach().abs() for x in (here, there)]
    return _differ(*sizes, torch.ones_like(sizes[0]))


def _differ(left: torch.Tensor, right: torch.Tensor, signs: torch.Tensor) -> bool:
    tolerance = 1e3 * math.sqrt(torch.finfo(left.dtype).eps)
    return not torch.allclose(left, signs * right, rtol=tolerance, atol=tolerance * float(left.abs().max()))
