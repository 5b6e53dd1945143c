"""Hybrid (Hamiltonian) Monte Carlo for many chains at once (Duane, Kennedy, Pendleton and Roweth 1987)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.errors import ConfigError

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Chains:
    """States (kept, chains, ...) and the share of accepted trajectories of each chain (chains,)."""

    states: Tensor
    acceptance: Tensor


@dataclass(frozen=True, kw_only=True)
class HMC:
    """Samples exp(-S): trajectories of leapfrog steps, then Metropolis; exact for any step size.

    The number of steps of a trajectory is drawn anew from 1 to 2 `leaps` - 1: at a fixed length a mode whose half
    period it is would only change its sign, and keep its amplitude for ever (Mackenzie 1989, Phys. Lett. B 226, 369).

    Args:
        step: length of a leapfrog step.
        leaps: steps a trajectory, on average.
        burn_in: trajectories before the first state that is kept.
        every: trajectories between two that are kept.

    Raises:
        ConfigError: a step that is not positive, or counts below 1 (`burn_in` below 0).
    """

    step: float = 0.1
    leaps: int = 10
    burn_in: int = 200
    every: int = 1

    def __post_init__(self) -> None:
        if not self.step > 0 or min(self.leaps, self.every) < 1 or self.burn_in < 0:
            raise ConfigError(
                f"hmc: expected step > 0, leaps >= 1, every >= 1, burn_in >= 0, got {self.step}, {self.leaps}, "
                f"{self.every} and {self.burn_in}"
            )

    def run(self, start: Tensor, kept: int, *, action: Function, force: Function, draw: torch.Generator) -> Chains:
        """`kept` states of each of the chains that start at (chains, ...).

        Args:
            action: S of states (chains, ...): (chains,).
            force: dS/dx, the shape of the states.
            draw: of momenta and acceptances.
        """
        x, S = start.clone(), action(start)
        states, accepted = [], torch.zeros(len(x), dtype=torch.float64)
        trajectories = self.burn_in + kept * self.every
        for number in range(trajectories):
            p = torch.randn(x.shape, generator=draw, dtype=x.dtype)
            energy = S + p.square().flatten(1).sum(dim=1) / 2
            leaps = int(torch.randint(1, 2 * self.leaps, (1,), generator=draw))
            proposed, p = self._leapfrog(x, p, force, leaps=leaps)
            S_new = action(proposed)
            change = S_new + p.square().flatten(1).sum(dim=1) / 2 - energy
            yes = torch.rand(len(x), generator=draw, dtype=x.dtype).log() < -change  # NaN is refused
            x = torch.where(yes.reshape(-1, *[1] * (x.ndim - 1)), proposed, x)
            S = torch.where(yes, S_new, S)
            if number >= self.burn_in:
                accepted += yes
                if (number - self.burn_in + 1) % self.every == 0:
                    states.append(x)
        return Chains(states=torch.stack(states), acceptance=accepted / (kept * self.every))

    def _leapfrog(self, x: Tensor, p: Tensor, force: Function, *, leaps: int) -> tuple[Tensor, Tensor]:
        p = p - self.step / 2 * force(x)
        for leap in range(leaps):
            x = x + self.step * p
            p = p - (self.step if leap < leaps - 1 else self.step / 2) * force(x)
        return x, p
