"""When a simulation must stop: what no molecule or crystal does, and where a potential knows nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.errors import MlsciError
from mlsci.science.dynamics.positive import check_positive
from mlsci.science.dynamics.system import State, System


class Exploded(MlsciError):
    """A simulation left what its potential can describe; `step` is the first step that did."""

    def __init__(self, message: str, *, step: int):
        super().__init__(message)
        self.step = step


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The largest values that are believed; infinity (or 0 for the distance) switches one off.

    Args:
        max_force: length of a force, eV/Å.
        max_std: `force_std` of an ensemble, eV/Å.
        max_temperature: of a replica at one moment, K.
        min_distance: of two atoms, Å.
    """

    max_force: float = 100.0
    max_std: float = math.inf
    max_temperature: float = math.inf
    min_distance: float = 0.4

    def __post_init__(self) -> None:
        check_positive(self, or_zero=["min_distance"], or_infinite=["max_force", "max_std", "max_temperature"])

    def check(self, state: State, system: System) -> None:
        """Raise Exploded with what went too far, where, and what may help."""
        answer = state.answer
        size = (answer.forces**2).sum(1).sqrt()  # (A,)
        worst = float(size.amax())  # NaN where any is NaN
        if not math.isfinite(worst):
            self._stop(state, system, ~size.isfinite(), "a force that is no number")
        if not bool(answer.energy.isfinite().all()):
            raise Exploded(f"step {state.step}: an energy that is no number", step=state.step)
        if worst > self.max_force:
            self._stop(state, system, size, f"a force of {worst:.3g} eV/Å, more than max_force={self.max_force:g}")
        if answer.force_std is not None and (doubt := float(answer.force_std.amax())) > self.max_std:
            text = f"forces uncertain by {doubt:.3g} eV/Å, more than max_std={self.max_std:g}"
            self._stop(state, system, answer.force_std, text)
        if answer.shortest < self.min_distance:
            text = f"two atoms {answer.shortest:.3g} Å apart, nearer than min_distance={self.min_distance:g}"
            raise Exploded(f"step {state.step}: {text}", step=state.step)
        heat = system.temperature(state.velocities)  # (G,)
        hottest = float(heat.amax())
        if not hottest <= self.max_temperature:
            text = f"{hottest:.4g} K, more than max_temperature={self.max_temperature:g}"
            raise Exploded(f"step {state.step}: {_replica(int(heat.argmax()), system)}{text}", step=state.step)

    def _stop(self, state: State, system: System, badness: Tensor, what: str) -> None:
        """Name the worst atom, counted from 0 within its replica."""
        atom = int(badness.to(torch.float64).nan_to_num(nan=math.inf).argmax())
        replica = int(system.replica[atom])
        first = int(system.atoms[:replica].sum())
        where = f"{_replica(replica, system)}atom {atom - first} has "
        raise Exploded(f"step {state.step}: {where}{what}", step=state.step)


def _replica(number: int, system: System) -> str:
    return f"replica {number}: " if system.count > 1 else ""
