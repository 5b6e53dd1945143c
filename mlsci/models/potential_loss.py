"""What a potential is trained for: weighted errors of energies, forces and stress."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.atoms.graph import Batch
from mlsci.science.atoms.properties import Properties


@dataclass(frozen=True)
class Ramp:
    """A weight that grows from `start` to `end` between two points of the training, by equal factors.

    A sudden jump throws off optimizers that remember large gradients (AMSGrad).

    Args:
        start: before `begin`.
        end: after `finish`.
        begin, finish: parts of the training, 0 to 1.
    """

    start: float
    end: float
    begin: float = 0.5
    finish: float = 0.75

    def __post_init__(self) -> None:
        if not (self.start > 0 and self.end > 0):
            raise ConfigError(f"ramp: expected start and end above 0, got {self.start} and {self.end}")
        if not 0 <= self.begin <= self.finish <= 1:
            raise ConfigError(f"ramp: expected 0 <= begin <= finish <= 1, got {self.begin} and {self.finish}")

    def at(self, progress: float) -> float:
        """The weight at a point of the training."""
        if progress >= self.finish:
            return self.end
        done = max(progress - self.begin, 0.0) / max(self.finish - self.begin, 1e-12)
        return self.start * (self.end / self.start) ** min(done, 1.0)


class PotentialLoss:
    """energy · ⟨ρ(ΔE)⟩ + forces · ⟨ρ(ΔF)⟩ + stress · ⟨ρ(Δσ)⟩, over structures, components, components.

    ρ(d) is d², or Huber's function of width `huber` (d² below it, linear above). Labels that are NaN are left out.

    Args:
        energy: weight of energies (eV; eV an atom with `per_atom`), a number or a `Ramp`.
        forces: weight of force components (eV/Å).
        stress: weight of stress components (eV/Å³); 0 leaves them out.
        per_atom: divide energies by the number of atoms first, for structures of many sizes.
        huber: None squares every error; otherwise [eV, eV/Å, eV/Å³] all the same.

    Raises:
        ConfigError: a negative weight, or a width that is not positive.
    """

    def __init__(
        self,
        *,
        energy: float | Ramp = 1.0,
        forces: float = 1000.0,
        stress: float = 0.0,
        per_atom: bool = False,
        huber: float | None = None,
    ):
        for name, weight in (("energy", energy), ("forces", forces), ("stress", stress)):
            if not isinstance(weight, Ramp) and weight < 0:
                raise ConfigError(f"objective.loss.{name}: expected at least 0, got {weight}")
        if huber is not None and huber <= 0:
            raise ConfigError(f"objective.loss.huber: expected a positive width, got {huber}")
        self.energy = energy if isinstance(energy, Ramp) else Ramp(energy, energy) if energy else None
        self.forces, self.stress, self.per_atom, self.huber = forces, stress, per_atom, huber

    @property
    def wants_stress(self) -> bool:
        """Whether stress is compared."""
        return self.stress > 0

    def __call__(self, found: Properties, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts without their weights, from properties and labels."""
        difference = found.energy - batch.energy  # (G,)
        if self.per_atom:
            difference = difference / torch.bincount(batch.batch, minlength=batch.num_graphs)
        parts = {"loss_energy": self._mean(difference), "loss_forces": self._mean(found.forces - batch.forces)}
        weight = 0.0 if self.energy is None else self.energy.at(progress)
        total = weight * parts["loss_energy"] + self.forces * parts["loss_forces"]
        if self.wants_stress and found.stress is not None:
            parts["loss_stress"] = self._mean(found.stress - batch.stress)
            total = total + self.stress * parts["loss_stress"]
        return total, {name: value.detach() for name, value in parts.items()}

    def _mean(self, difference: Tensor) -> Tensor:
        known = torch.isfinite(difference)
        difference = torch.where(known, difference, 0.0)
        squares = difference.square()
        if self.huber is not None:
            far = difference.abs() > self.huber
            squares = torch.where(far, self.huber * (2 * difference.abs() - self.huber), squares)
        return squares.sum() / known.sum().clamp_min(1)
