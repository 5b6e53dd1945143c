"""mace-torch (Batatia et al. 2022): 32x0e + 32x1o, l_max 2, correlation 3, two layers, float32.

Its recipe for training (README; mace_run_train's defaults): AMSGrad at 0.01 with weight decay 5e-7 on the weights it
names, EMA 0.99, gradients clipped at 10, loss (ΔE/N)² + 100 ΔF², and in the last fifth (`--stage_two`) 1000 (ΔE/N)² +
100 ΔF². Instead of its plateau scheduler, whose patience is longer than ten minutes, the rate goes down to zero over
the given time. Energies are given relative to free atoms and their mean, as float32 has but a meV left of thousands
of eV. mace_run_train does not compile; "compiled" is mace.tools.compile and torch.compile around its training step.
"""

import ase
import mace  # noqa: F401 - before e3nn 0.4, whose files torch 2.6 and later refuse to load without its setting
import numpy as np
import torch
from e3nn import o3
from e3nn.util import jit
from job import Job, Pace, begin, errors, forever, milliseconds, through_calculator
from mace import data, modules, tools
from mace.calculators import MACECalculator
from mace.tools import torch_geometric
from mace.tools.compile import prepare
from torch_ema import ExponentialMovingAverage


def build(task: Job) -> torch.nn.Module:
    """The net, its scale that of the forces."""
    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    return modules.ScaleShiftMACE(
        atomic_inter_scale=task.scale,
        atomic_inter_shift=0.0,
        r_max=task.cutoff,
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=2,
        interaction_cls=block,
        interaction_cls_first=block,
        num_interactions=2,
        num_elements=len(task.elements),
        hidden_irreps=o3.Irreps("32x0e + 32x1o"),
        MLP_irreps=o3.Irreps("16x0e"),
        gate=torch.nn.functional.silu,
        atomic_energies=np.zeros(len(task.elements)),
        avg_num_neighbors=task.neighbours,
        atomic_numbers=task.elements,
        correlation=3,
        radial_MLP=[64, 64, 64],
        radial_type="bessel",
    )


def graphs(task: Job, frames: list[ase.Atoms]) -> list[data.AtomicData]:
    """With neighbour lists; energies relative to what nobody has to learn."""
    table = tools.AtomicNumberTable(task.elements)
    found = []
    for atoms in frames:
        known = {"energy": atoms.get_potential_energy() - task.offset(atoms), "forces": atoms.get_forces()}
        configuration = data.Configuration(
            atomic_numbers=atoms.numbers,
            positions=atoms.positions,
            properties=known,
            property_weights={"energy": 1.0, "forces": 1.0},
            cell=np.array(atoms.cell),
            pbc=tuple(atoms.pbc),
        )
        found.append(data.AtomicData.from_config(configuration, z_table=table, cutoff=task.cutoff))
    return found


class Trainer:
    """MACE's training step."""

    def __init__(self, task: Job):
        compiled = task.mode == "compiled"
        self.net = prepare(build)(task) if compiled else build(task)
        self.run = torch.compile(self.net, dynamic=True) if compiled else self.net
        self.needs_grad = compiled
        self.optimizer = torch.optim.Adam(groups(self.net), lr=0.01, amsgrad=True)
        self.ema = ExponentialMovingAverage(self.net.parameters(), decay=0.99)
        self.losses = [modules.WeightedEnergyForcesLoss(energy, 100.0) for energy in (1.0, 1000.0)]
        frames = graphs(task, task.frames("train"))
        self.batches = torch_geometric.dataloader.DataLoader(
            frames, batch_size=task.batch, shuffle=True, drop_last=True
        )

    def step(self, batch: torch_geometric.batch.Batch, *, stage_two: bool) -> None:
        """As mace.tools.train.take_step."""
        inputs = batch.to_dict()
        if self.needs_grad:
            inputs["positions"].requires_grad_()
        self.optimizer.zero_grad(set_to_none=True)
        found = self.run(inputs, training=True, compute_force=True)
        self.losses[stage_two](pred=found, ref=batch).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), max_norm=10.0)
        self.optimizer.step()
        self.ema.update()


def groups(net: torch.nn.Module) -> list[dict]:
    """Weight decay as in mace.tools.scripts_utils.get_params_options."""
    decays, others = [], []
    for name, weight in net.named_parameters():
        linear = name.startswith("interactions") and ("linear.weight" in name or "skip_tp_full.weight" in name)
        (decays if linear or name.startswith("products") else others).append(weight)
    return [{"params": decays, "weight_decay": 5e-7}, {"params": others, "weight_decay": 0.0}]


def step(task: Job) -> dict:
    """Time of a training step, collating included."""
    trainer = Trainer(task)
    batches = forever(trainer.batches)
    count = sum(weight.numel() for weight in trainer.net.parameters())
    return milliseconds(task, lambda _: trainer.step(next(batches), stage_two=False)) | {"parameters": count}


def calculator(task: Job) -> MACECalculator:
    """For ASE; "compiled" is its own compile_mode, "torchscript" the file that mace_create_lammps_model builds on."""
    how = "default" if task.mode == "compiled" else None
    return MACECalculator(models=[build(task)], device="cpu", default_dtype="float32", compile_mode=how)


def frame(task: Job) -> dict:
    """Time of energy and forces of one frame, its graph given."""
    compiled = task.mode == "compiled"
    net = calculator(task).models[0]
    net = jit.compile(net) if task.mode == "torchscript" else net
    loader = torch_geometric.dataloader.DataLoader(graphs(task, task.frames("test")[:8]), batch_size=1)
    inputs = [batch.to_dict() for batch in loader]

    def call(number: int) -> None:
        inside = dict(inputs[number % len(inputs)])
        if compiled:
            inside["positions"] = inside["positions"].clone().requires_grad_()
        net(inside, compute_force=True, training=compiled)

    return milliseconds(task, call)


def train(task: Job) -> dict:
    """Errors after the given CPU time."""
    trainer = Trainer(task)
    pace = Pace(task, trainer.optimizer)
    for batch in forever(trainer.batches):
        trainer.step(batch, stage_two=pace.progress >= 0.8)
        if not pace.step():
            break
    summary = pace.summary()
    with trainer.ema.average_parameters():
        return summary | {part: judged(task, trainer.net, part) for part in ("valid", "test")}


def judged(task: Job, net: torch.nn.Module, part: str) -> dict[str, float]:
    """Errors of the eager net."""
    frames, predicted = task.frames(part), []
    for batch in torch_geometric.dataloader.DataLoader(graphs(task, frames), batch_size=25):
        found = net(batch.to_dict(), compute_force=True)
        forces = found["forces"].detach().double().split(batch.ptr.diff().tolist())
        predicted += zip(found["energy"].detach().double().tolist(), (one.numpy() for one in forces), strict=True)
    relative = [
        (energy + task.offset(atoms), forces) for (energy, forces), atoms in zip(predicted, frames, strict=True)
    ]
    return errors(relative, frames)


def main() -> None:
    """Do the job."""
    task = begin()
    torch.set_default_dtype(torch.float32)
    if task.kind == "calculator":
        task.write(through_calculator(task, calculator(task)))
    else:
        task.write({"step": step, "frame": frame, "train": train}[task.kind](task))


main()
