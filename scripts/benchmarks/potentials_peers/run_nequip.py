"""nequip (Batzner et al. 2022): two layers, l_max 2, 32 features, which are as many parameters as the others have.

Its recipe for training (configs/tutorial.yaml): Adam at 0.01, EMA 0.999, loss (ΔE/N)² + ΔF², scales from the forces of
each element, radial nets of two hidden layers of 64, float32 with float64 sums. Instead of its plateau scheduler,
which waits for six epochs without progress, the rate goes down to zero over the given time. The step is what its
Lightning module does, without Lightning. "compiled" is compile_mode=compile for training and AOTInductor for one
frame, what `nequip-compile --mode aotinductor --target ase` makes; it has no TorchScript with torch 2.10 and later.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ase
import ase.data
import numpy as np
import torch
from job import Job, Pace, begin, errors, forever, milliseconds, through_calculator
from nequip.data import AtomicDataDict
from nequip.data.ase import from_ase
from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform
from nequip.integrations.ase import NequIPCalculator
from nequip.model import NequIPGNNModel
from nequip.nn.compile import DictInputOutputWrapper
from nequip.scripts._compile_utils import ASE_TARGET
from nequip.train import EnergyForceLoss
from nequip.train.ema import EMAWeights
from nequip.utils.aot import aot_export_model
from nequip.utils.global_state import set_global_state
from torch.export import Dim

Graph = dict[str, Any]


def symbols(task: Job) -> list[str]:
    """Names of the elements."""
    return [ase.data.chemical_symbols[number] for number in task.elements]


def build(task: Job, *, mode: str) -> torch.nn.Module:
    """The net; scales of elements as the tutorial has them."""
    frames, names = task.frames("train"), symbols(task)
    forces = np.concatenate([atoms.get_forces() for atoms in frames])
    numbers = np.concatenate([atoms.numbers for atoms in frames])
    scales = [float(np.sqrt(np.mean(forces[numbers == number] ** 2))) for number in task.elements]
    return NequIPGNNModel(
        seed=task.seed,
        model_dtype="float32",
        compile_mode=mode,
        type_names=names,
        r_max=task.cutoff,
        num_layers=2,
        l_max=2,
        num_features=32,
        radial_mlp_depth=2,
        radial_mlp_width=64,
        avg_num_neighbors=task.neighbours,
        per_type_energy_scales=dict(zip(names, scales, strict=True)),
        per_type_energy_shifts=dict(zip(names, task.energies, strict=True)),
    )


def transforms(task: Job) -> list:
    """What makes a graph of a frame."""
    return [ChemicalSpeciesToAtomTypeMapper(symbols(task)), NeighborListTransform(r_max=task.cutoff)]


def graphs(task: Job, frames: list[ase.Atoms]) -> list[Graph]:
    """With neighbour lists."""
    found = []
    for atoms in frames:
        graph = from_ase(atoms)
        for transform in transforms(task):
            graph = transform(graph)
        found.append(graph)
    return found


class Batches:
    """Shuffled batches of ready graphs; collated as nequip's loader does."""

    def __init__(self, task: Job):
        self.size, self.graphs = task.batch, graphs(task, task.frames("train"))

    def __iter__(self) -> Iterator[Graph]:
        """One epoch."""
        order = torch.randperm(len(self.graphs)).tolist()
        for start in range(0, len(order) - self.size + 1, self.size):
            yield AtomicDataDict.batched_from_list([self.graphs[place] for place in order[start : start + self.size]])


class Trainer:
    """NequIP's training step."""

    def __init__(self, task: Job):
        self.net = build(task, mode="compile" if task.mode == "compiled" else "eager")
        self.loss = EnergyForceLoss(
            coeffs={"total_energy": 1.0, "forces": 1.0}, per_atom_energy=True, type_names=symbols(task)
        )
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=0.01)
        self.ema = EMAWeights(self.net, decay=0.999)
        self.ema.update_parameters(self.net)
        self.batches = Batches(task)

    def step(self, batch: Graph) -> None:
        """As nequip.train.EMALightningModule."""
        target = batch.copy()
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.net(batch), target)["weighted_sum"].backward()
        self.optimizer.step()
        self.ema.update_parameters(self.net)


def step(task: Job) -> dict:
    """Time of a training step, collating included."""
    trainer = Trainer(task)
    batches = forever(trainer.batches)
    count = sum(weight.numel() for weight in trainer.net.parameters())
    return milliseconds(task, lambda _: trainer.step(next(batches))) | {"parameters": count}


def for_inference(task: Job) -> torch.nn.Module:
    """The net as ASE's calculator takes it, eager or compiled ahead of time."""
    net = build(task, mode="eager").eval()
    if task.mode == "eager":
        return net
    settings = ASE_TARGET["batch_map_settings"](
        {"graph": Dim.STATIC, "node": Dim("num_nodes", min=2), "edge": Dim("num_edges", min=2)}
    )
    example = ASE_TARGET["data_settings"](graphs(task, task.frames("test")[:1])[0])
    path = str(Path(tempfile.mkdtemp()) / "net.nequip.pt2")
    fields = {"input_fields": ASE_TARGET["input"], "output_fields": ASE_TARGET["output"]}
    aot_export_model(net, device="cpu", data=example, batch_map=settings, output_path=path, **fields)
    package = torch._inductor.aoti_load_package(path)
    return DictInputOutputWrapper(package, fields["input_fields"], fields["output_fields"]).eval()


def frame(task: Job) -> dict:
    """Time of energy and forces of one frame, its graph given."""
    net = for_inference(task)
    inputs = graphs(task, task.frames("test")[:8])
    return milliseconds(task, lambda number: net(inputs[number % len(inputs)].copy()))


def train(task: Job) -> dict:
    """Errors after the given CPU time."""
    trainer = Trainer(task)
    pace = Pace(task, trainer.optimizer)
    for batch in forever(trainer.batches):
        trainer.step(batch)
        if not pace.step():
            break
    summary = pace.summary()
    trainer.ema.swap_parameters(trainer.net)
    return summary | {part: judged(task, trainer.net, part) for part in ("valid", "test")}


def judged(task: Job, net: torch.nn.Module, part: str) -> dict[str, float]:
    """Errors."""
    frames, predicted = task.frames(part), []
    for graph in graphs(task, frames):
        found = net(graph)
        predicted.append((float(found["total_energy"].detach()), found["forces"].detach().numpy()))
    return errors(predicted, frames)


def main() -> None:
    """Do the job."""
    task = begin()
    set_global_state()
    torch.manual_seed(task.seed)
    if task.kind == "calculator":
        net = for_inference(task)
        task.write(through_calculator(task, NequIPCalculator(net, device="cpu", transforms=transforms(task))))
    else:
        task.write({"step": step, "frame": frame, "train": train}[task.kind](task))


main()
