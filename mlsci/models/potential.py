"""Interatomic potentials: a net's energies of atoms, their gradient as forces and stress."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.errors import ConfigError
from mlsci.models.base import Evaluation, Model
from mlsci.models.compiled_energy import Kernel, with_gradient
from mlsci.models.ensemble import members_of, spread
from mlsci.models.exportable import Exportable
from mlsci.science.atoms.elements import positions_in, symbols
from mlsci.science.atoms.graph import Batch
from mlsci.science.atoms.properties import Labels, Properties


class Potential(Model):
    """E = Σ_i (E0 of its element + shift + scale · net_i), F = -dE/dr, σ = dE/dε / V.

    Positions, sums and forces are float64; the net computes in `dtype`. Energies are learned relative to free atoms.

    Args:
        net: (species (N,), pair_index (2, P), vectors (P, 3) Å) -> energies of atoms (N,), dimensionless.
        elements: atomic numbers, in the order of the net's species.
        energies: of the free atoms, eV.
        shift: eV an atom.
        scale: eV; the root mean square of the training forces in eV/Å serves.
        cutoff: Å.
        criterion: (Properties, batch, progress) -> loss and its parts; progress runs from 0 to 1.
        metrics: compare Properties with Labels, by name.
        core: a repulsion of near atoms that is added to the net, or None.
        members: independent nets in an ensemble; their mean is the answer.
        dtype: of the net, "float32" or "float64".
        compile: trace and compile the training step: "auto" does where it pays (3,000 steps on a CPU, and a compiler),
            and captures CUDA graphs on a GPU, which takes a second or two.
        steps: optimizer steps of the whole training.

    Raises:
        ConfigError: lists of different lengths, fewer than one member, a net that cannot be drawn anew.
    """

    needs_grad = True
    takes_pairs = False
    atomic_numbers: Tensor
    energies: Tensor
    scale: Tensor
    calibration: Tensor

    def __init__(
        self,
        *,
        net: nn.Module,
        elements: Sequence[int],
        energies: Sequence[float],
        shift: float,
        scale: float,
        cutoff: float,
        criterion: Callable[[Properties, Batch, float], tuple[Tensor, dict[str, Tensor]]],
        metrics: Mapping[str, Metric] | None = None,
        core: nn.Module | None = None,
        members: int = 1,
        dtype: Literal["float32", "float64"] = "float32",
        compile: bool | Literal["auto"] = "auto",
        steps: int = 1,
    ):
        super().__init__(metrics=metrics)
        if len(elements) != len(energies):
            raise ConfigError(f"model.energies: expected one for each of {list(elements)}, got {len(energies)}")
        self.elements = [int(number) for number in elements]
        self.nets = members_of(net, members).to(getattr(torch, dtype))
        self.cutoff, self.steps = cutoff, steps
        self.criterion, self.core = criterion, core
        self.register_buffer("atomic_numbers", torch.tensor(self.elements))
        self.register_buffer("energies", torch.tensor(energies, dtype=torch.float64) + shift)
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))
        self.register_buffer("calibration", torch.ones((), dtype=torch.float64))
        self.kernel = Kernel(self.nets, compile=compile, steps=steps, cutoff=cutoff)
        self._judged: list[tuple[Tensor, Tensor]] = []

    @property
    def dtype_of_net(self) -> torch.dtype:
        """What the net computes in."""
        return next(self.nets.parameters()).dtype

    @property
    def symbols(self) -> list[str]:
        """Of the elements that it knows."""
        return symbols(self.elements)

    def species(self, z: Tensor) -> Tensor:
        """Places (N,) of atomic numbers (N,) among `elements`.

        Raises:
            MlsciError: an element that the potential does not know.
        """
        return positions_in(z, self.atomic_numbers)

    def properties(self, batch: Batch, *, stress: bool = False) -> Properties:
        """Energy and forces of a batch of structures, and their stress where it is asked for."""
        found = self._properties(batch, stress=stress, graph=False)
        return found.detach()

    def compute_in(self, dtype: Literal["float32", "float64"]) -> None:
        """Let the net compute in another precision than it was trained in."""
        self.nets.to(getattr(torch, dtype))
        self.kernel.forget()

    def compile_answers(self) -> None:
        """Compile energy and forces at the next call of `properties`: some 100 CPU-seconds, then a quarter of the time.

        It pays from some 20,000 calls on. On a GPU, CUDA graphs are captured instead, in a second or two.
        """
        self.kernel.fast = True

    def exportable(self) -> Exportable:
        """Energy, forces and virial of one structure, to be written as a file."""
        from mlsci.models.potential_export import exportable

        return exportable(self)

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The criterion of a batch; of an ensemble the sum over its members, which share no weights."""
        wants_stress = bool(getattr(self.criterion, "wants_stress", False))
        parts = self._members(batch, stress=wants_stress, graph=True)
        progress = self.progress(self.steps)
        losses, scalars = zip(*(self.criterion(part, batch, progress) for part in parts), strict=True)
        mean = {name: torch.stack([one[name] for one in scalars]).mean() for name in scalars[0]}
        return torch.stack(losses).sum(), mean

    def evaluate(self, batch: Batch) -> Evaluation:
        """The criterion at the end of its ramps, and the properties."""
        wants_stress = bool(getattr(self.criterion, "wants_stress", False))
        found = self._properties(batch, stress=wants_stress, graph=False).detach()
        loss, scalars = self.criterion(found, batch, 1.0)
        if found.force_std is not None:
            self._judged.append((found.force_std, (found.forces - batch.forces).norm(dim=1)))
        return Evaluation(loss=loss, scalars=scalars, predictions=found, targets=Labels(batch))  # type: ignore[arg-type]

    def on_validation_epoch_end(self) -> None:
        """Log the metrics; scale the ensemble's spread so that its mean square is that of the errors."""
        if self._judged and not self.trainer.sanity_checking and self.trainer.state.fn == "fit":
            std, error = (torch.cat(some) for some in zip(*self._judged, strict=True))
            known = torch.isfinite(error)
            ratio = error[known].square().mean() / std[known].square().mean().clamp_min(1e-300)
            if torch.isfinite(ratio):
                self.calibration.mul_(ratio.sqrt())
        self._judged = []
        super().on_validation_epoch_end()

    def on_test_epoch_end(self) -> None:
        """Log the metrics."""
        self._judged = []
        super().on_test_epoch_end()

    def outcome(self, dataset: Any) -> dict[str, Any]:
        """Force components for figures: predictions and targets (3 N, 1), and what belongs to each of them."""
        ours, theirs, elements, energies = [], [], [], []
        with self._where_trained():
            for start in range(0, len(dataset), 25):
                batch = dataset.batch(torch.arange(start, min(start + 25, len(dataset)))).to(self.device)
                found = self.properties(batch)
                ours.append(found.forces.cpu())
                theirs.append(batch.forces.cpu())
                elements.append(batch.z.cpu().repeat_interleave(3))
                counts = torch.bincount(batch.batch, minlength=batch.num_graphs)
                energies.append((torch.stack([found.energy, batch.energy]) / counts).cpu())
        targets = torch.cat(theirs).reshape(-1, 1)
        known = torch.isfinite(targets[:, 0])
        energy = torch.cat(energies, dim=1)
        return {
            "predictions": torch.cat(ours).reshape(-1, 1)[known].numpy(),
            "targets": targets[known].numpy(),
            "target_names": ("force",),
            "units": {"force": "eV/Å", "energy": "eV"},
            "extras": {
                "element": np.array(symbols(torch.cat(elements)[known].tolist())),
                "energy": energy[0].numpy(),  # eV an atom
                "true energy": energy[1].numpy(),
            },
        }

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """Move the weights to another device or precision, where CUDA graphs would not find them."""
        self.kernel.captured.forget()
        return super()._apply(fn, recurse)

    @contextmanager
    def _where_trained(self) -> Iterator[None]:
        """On the trainer's device, from which a finished stage takes the model to the CPU."""
        before = self.device
        if self._trainer is not None:
            self.to(self._trainer.strategy.root_device)
        try:
            yield
        finally:
            self.to(before)

    def _properties(self, batch: Batch, *, stress: bool, graph: bool) -> Properties:
        parts = self._members(batch, stress=stress, graph=graph)
        if len(parts) == 1:
            return parts[0]
        forces = torch.stack([part.forces for part in parts])
        return Properties(
            energy=torch.stack([part.energy for part in parts]).mean(0),
            forces=forces.mean(0),
            stress=torch.stack([part.stress for part in parts]).mean(0) if stress else None,  # type: ignore[misc]
            force_std=spread(forces) * self.calibration,
        )

    def _members(self, batch: Batch, *, stress: bool, graph: bool) -> list[Properties]:
        """What each net says; `graph`: keep what is needed to differentiate by the weights."""
        species = self.species(batch.z)
        first, second = batch.pair_index
        vectors = batch.pos[second] + batch.shift - batch.pos[first]  # (P, 3) float64
        offset = _sums(self.energies[species], batch.batch, batch.num_graphs)  # (G,)
        core = None if self.core is None else _core(self.core, batch, vectors)
        inputs = (species, batch.pair_index, vectors.to(self.dtype_of_net))
        found = []
        for energies, gradient in self.kernel(*inputs, graph=graph):
            energy = offset + self.scale * _sums(energies.double(), batch.batch, batch.num_graphs)
            slope = self.scale * gradient.double()  # (P, 3), dE/dvector
            if core is not None:
                energy, slope = energy + core[0], slope + core[1]
            found.append(_assembled(energy, slope, batch, vectors, stress=stress))
        return found


def _sums(values: Tensor, of: Tensor, count: int) -> Tensor:
    return torch.zeros(count, dtype=values.dtype, device=values.device).index_add(0, of, values)


def _core(core: nn.Module, batch: Batch, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Energies (G,) of the repulsion, and its gradient (P, 3)."""
    first, second = batch.pair_index
    energies, gradient = with_gradient(lambda v: core(batch.z[first], batch.z[second], v), vectors, graph=False)
    return _sums(energies.detach(), batch.batch[first], batch.num_graphs), gradient.detach()


def _assembled(energy: Tensor, slope: Tensor, batch: Batch, vectors: Tensor, *, stress: bool) -> Properties:
    """Forces from dE/dvector of the pairs, and the stress Σ_pairs slope ⊗ vector / V, made symmetric."""
    first, second = batch.pair_index
    forces = torch.zeros_like(batch.pos).index_add(0, first, slope).index_add(0, second, -slope)
    if not stress:
        return Properties(energy, forces)
    virial = slope.unsqueeze(2) * vectors.unsqueeze(1)  # (P, 3, 3)
    total = torch.zeros(batch.num_graphs, 3, 3, dtype=virial.dtype, device=virial.device)
    total = total.index_add(0, batch.batch[first], virial)
    volume = torch.linalg.det(batch.cell).abs()
    volume = torch.where(volume > 0, volume, torch.nan).view(-1, 1, 1)
    return Properties(energy, forces, 0.5 * (total + total.mT) / volume)
