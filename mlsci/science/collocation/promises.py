"""Conditions that are said to hold by construction are looked at before anything is trained."""

from __future__ import annotations

import math

import torch
from torch import Generator

from mlsci.errors import ConfigError
from mlsci.science.collocation.block import Block
from mlsci.science.collocation.derivative import Nested
from mlsci.science.collocation.mirrors import false_mirrors
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
    messages = false_mirrors(points, system)
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
