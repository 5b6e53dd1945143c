"""A potential as a file: energy, forces and virial of a structure as one graph of plain operations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from mlsci.models.compiled_energy import with_gradient
from mlsci.models.exportable import Exportable
from mlsci.science.atoms.graph import batch, graph
from mlsci.science.atoms.structure import Structure

if TYPE_CHECKING:
    from mlsci.models.potential import Potential

FAR = 10.0  # times the cutoff: a pair that contributes nothing, so that structures without pairs are possible too
LARGEST = 119  # atomic numbers below it


class ExportedPotential(nn.Module):
    """numbers (N,), positions (N, 3) Å, pair_index (2, P), shift (P, 3) Å -> energy, forces, virial, force_std.

    Pairs within the cutoff once, as in `mlsci.science.atoms.graph`; energy () eV, forces (N, 3) eV/Å, virial (3, 3) eV:
    dE/dε, which is V times the stress; force_std (N,) eV/Å, zeros for a single net. The energy of an unknown element is
    NaN.
    """

    place: Tensor
    energies: Tensor
    calibration: Tensor
    scale: Tensor

    def __init__(self, model: Potential):
        super().__init__()
        self.nets, self.core = model.nets, model.core
        self.cutoff = float(model.cutoff)
        self.dtype = model.dtype_of_net
        known = model.atomic_numbers
        place = torch.zeros(LARGEST, dtype=torch.int64).index_put((known,), torch.arange(len(known)))
        energies = torch.full((LARGEST,), torch.nan, dtype=torch.float64).index_put((known,), model.energies)
        self.register_buffer("place", place)
        self.register_buffer("energies", energies)
        self.register_buffer("scale", torch.as_tensor(model.scale, dtype=torch.float64))
        self.register_buffer("calibration", model.calibration.clone())

    def forward(
        self, numbers: Tensor, positions: Tensor, pair_index: Tensor, shift: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """One structure."""
        none = pair_index.new_zeros(2, 2)  # two pairs of the first atom with itself, far away
        pair_index = torch.cat([pair_index, none], dim=1)
        shift = torch.cat([shift, shift.new_full((2, 3), FAR * self.cutoff)])
        first, second = pair_index[0], pair_index[1]
        vectors = positions[second] + shift - positions[first]  # (P, 3)
        offset = self.energies[numbers].sum()
        slope_of_core, energy_of_core = self._core(numbers, first, second, vectors)
        species, inputs = self.place[numbers], vectors.to(self.dtype)
        energies, slopes = [], []
        for net in self.nets:
            found, slope = with_gradient(partial(net, species, pair_index), inputs, graph=False)
            energies.append(offset + self.scale * found.double().sum() + energy_of_core)
            slopes.append(self.scale * slope.double() + slope_of_core)
        parts = torch.stack([_forces(slope, first, second, positions) for slope in slopes])  # (members, N, 3)
        slope = torch.stack(slopes).mean(0)
        virial = (slope.unsqueeze(2) * vectors.unsqueeze(1)).sum(0)
        spread = parts.var(0, correction=min(1, len(slopes) - 1)).sum(1).sqrt() * self.calibration
        return torch.stack(energies).mean(), parts.mean(0), 0.5 * (virial + virial.T), spread

    def _core(self, numbers: Tensor, first: Tensor, second: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient (P, 3) and energy of the repulsion."""
        core = self.core
        if core is None:
            return torch.zeros_like(vectors), vectors.new_zeros(())
        energies, slope = with_gradient(lambda v: core(numbers[first], numbers[second], v), vectors, graph=False)
        return slope, energies.sum()


def _forces(slope: Tensor, first: Tensor, second: Tensor, positions: Tensor) -> Tensor:
    return torch.zeros_like(positions).index_add(0, first, slope).index_add(0, second, -slope)


def exportable(model: Potential) -> Exportable:
    """The potential's energy and forces for any number of atoms and pairs."""
    module = ExportedPotential(model).eval().cpu()
    structures = [_structure(model, count) for count in (7, 12, 2, 1)]
    examples = [_inputs(model, structure) for structure in structures]
    trace: Any = make_fx(module, tracing_mode="symbolic", _allow_non_fake_inputs=True)
    with torch.no_grad():
        traced = trace(*examples[0])
    traced.graph.eliminate_dead_code()
    traced.recompile()
    atoms, pairs = torch.export.Dim("atoms", min=1), torch.export.Dim("pairs", min=0)
    answers = [_answers(model, structure) for structure in structures]
    largest = max(float(values.abs().max()) for answer in answers for values in answer[1:])  # of forces and virials
    return Exportable(
        module=traced,
        examples=examples,
        answers=answers,
        shapes=({0: atoms}, {0: atoms}, {1: pairs}, {0: pairs}),
        inputs=("numbers", "positions", "pair_index", "shift"),
        outputs=("energy", "forces", "virial", "force_std"),
        tolerance=1e-5 * (1 + largest),
    )


def _structure(model: Potential, count: int) -> Structure:
    """Atoms on a jittered grid of 1.5 Å, so that none are near."""
    random = np.random.default_rng(count)
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3)[:count] * 1.5
    numbers = np.array(model.elements)[np.arange(count) % len(model.elements)]
    return Structure(numbers, grid + random.uniform(-0.1, 0.1, grid.shape))


def _inputs(model: Potential, structure: Structure) -> tuple[Tensor, ...]:
    found = graph(structure, model.cutoff)
    return found.z, found.pos, found.pair_index, found.shift


def _answers(model: Potential, structure: Structure) -> tuple[Tensor, ...]:
    """What the model itself says, by its own way."""
    one = batch([structure], model.cutoff)
    one.cell = torch.eye(3, dtype=torch.float64)[None]  # of 1 Å³: the stress is the virial
    found = model.properties(one.to(model.device), stress=True)
    std = found.energy.new_zeros(len(structure)) if found.force_std is None else found.force_std
    stress = found.energy.new_zeros(1, 3, 3) if found.stress is None else found.stress
    return found.energy[0].cpu(), found.forces.cpu(), stress[0].cpu(), std.cpu()
