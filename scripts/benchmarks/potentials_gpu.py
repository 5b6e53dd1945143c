"""Potentials of MACE's published size on a GPU: training step, and energy and forces, of ours or of mace-torch.

    python scripts/benchmarks/potentials_gpu.py mlsci FRAMES.xyz [--ways eager,captured,compiled]
    python scripts/benchmarks/potentials_gpu.py mace FRAMES.xyz [--ways eager,cueq,compiled]

Acetylacetone, 5 Å, harmonics and features to the given degrees, three factors in a product, two layers, float32 nets.
A step is loss, gradient and Adam; the batch is on the device already. Medians of CUDA events in milliseconds, peak
memory in MiB, one line of JSON a way. Captured: by CUDA graphs, which is what `model.compile=auto` does on a GPU; cueq:
with NVIDIA's cuEquivariance, as mace-torch's own converter sets it up. mace-torch wants an interpreter of its own, as
it brings e3nn 0.4.
"""

import argparse
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

CUTOFF, NEIGHBOURS, ELEMENTS = 5.0, 11.0, (1, 6, 8)
Calls = tuple[Callable[[], Any], Callable[[], Any], int]  # a training step, energy and forces, parameters


COMPILE = {"eager": "false", "captured": "auto", "compiled": "true"}


def ours(options: argparse.Namespace, *, frames: list[Any], way: str) -> Calls:
    """The potential of `experiment=atoms/acac`, larger."""
    from mlsci import config, interpolation
    from mlsci.build import instantiate
    from mlsci.modelling import build_model
    from mlsci.science.atoms.graph import batch
    from mlsci.science.atoms.structure import Structure

    interpolation.register()
    size = [f"net.{name}={getattr(options, name)}" for name in ("channels", "l_max", "l_hidden")]
    composed = config.explain(["experiment=atoms/acac", *size, f"model.compile={COMPILE[way]}"], [])
    values = config.plain(composed.config)
    data = instantiate(values["data"], path="data")
    data.prepare_data()
    data.setup()
    model: Any = build_model(values, data, steps=100_000, choices=composed.choices)[0].to(options.device)
    given: Any = batch([Structure.from_ase(frame) for frame in frames], CUTOFF).to(options.device)
    adam = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> None:
        adam.zero_grad()
        model.loss(given)[0].backward()
        adam.step()

    if way != "eager":
        model.compile_answers()
    return step, lambda: model.properties(given), sum(weight.numel() for weight in model.parameters())


def peer(options: argparse.Namespace, *, frames: list[Any], way: str) -> Calls:
    """mace-torch; compiled as its own mace.tools.compile prepares it."""
    compiled = way == "compiled"
    from mace import data, modules, tools  # before e3nn 0.4, whose files torch refuses to load without its setting
    from mace.tools import torch_geometric
    from mace.tools.compile import prepare

    def net() -> torch.nn.Module:
        from e3nn import o3

        block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
        degrees = range(options.l_hidden + 1)
        hidden = " + ".join(f"{options.channels}x{degree}{'eo'[degree % 2]}" for degree in degrees)
        return modules.ScaleShiftMACE(
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
            r_max=CUTOFF,
            num_bessel=8,
            num_polynomial_cutoff=5,
            max_ell=options.l_max,
            interaction_cls=block,
            interaction_cls_first=block,
            num_interactions=2,
            num_elements=len(ELEMENTS),
            hidden_irreps=o3.Irreps(hidden),
            MLP_irreps=o3.Irreps("16x0e"),
            gate=torch.nn.functional.silu,
            atomic_energies=np.zeros(len(ELEMENTS)),
            avg_num_neighbors=NEIGHBOURS,
            atomic_numbers=list(ELEMENTS),
            correlation=3,
            radial_MLP=[64, 64, 64],
            radial_type="bessel",
        )

    model = (prepare(net)() if compiled else net()).to(options.device)
    if way == "cueq":
        from mace.cli.convert_e3nn_cueq import run as converted

        model = converted(model, device=options.device.type)
    run = torch.compile(model, dynamic=True) if compiled else model
    table = tools.AtomicNumberTable(list(ELEMENTS))
    known = (_configuration(data, frame) for frame in frames)
    graphs = [data.AtomicData.from_config(one, z_table=table, cutoff=CUTOFF) for one in known]
    given = next(iter(torch_geometric.dataloader.DataLoader(graphs, batch_size=len(graphs)))).to(options.device)
    loss = modules.WeightedEnergyForcesLoss(1.0, 100.0)
    adam = torch.optim.Adam(model.parameters(), lr=1e-4)

    def found(*, training: bool) -> dict[str, torch.Tensor]:
        inputs = dict(given.to_dict())
        if compiled:
            inputs["positions"] = inputs["positions"].clone().requires_grad_()
        return run(inputs, training=training, compute_force=True)

    def step() -> None:
        adam.zero_grad()
        loss(pred=found(training=True), ref=given).backward()
        adam.step()

    return step, lambda: found(training=compiled), sum(weight.numel() for weight in model.parameters())


def _configuration(data: Any, frame: Any) -> Any:
    return data.Configuration(
        atomic_numbers=frame.numbers,
        positions=frame.positions,
        properties={"energy": 0.0, "forces": frame.get_forces()},
        property_weights={"energy": 1.0, "forces": 1.0},
        cell=np.array(frame.cell),
        pbc=tuple(frame.pbc),
    )


def milliseconds(call: Callable[[], Any], *, warmup: int, calls: int) -> float:
    """The median time of a call on the device."""
    times = []
    for number in range(warmup + calls):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        torch.cuda.synchronize()
        if number >= warmup:
            times.append(begin.elapsed_time(end))
    return float(np.median(times))


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", choices=("mlsci", "mace"))
    parser.add_argument("frames", help="an extended XYZ file of acetylacetone")
    parser.add_argument("--channels", type=int, default=256)
    parser.add_argument("--l-max", type=int, default=3)
    parser.add_argument("--l-hidden", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--ways", default="eager")
    parser.add_argument("--calls", type=int, default=20)
    parser.set_defaults(device=torch.device("cuda"))
    return parser.parse_args()


def main() -> None:
    """Measure every way."""
    options = arguments()
    if options.package == "mace":
        import mace  # noqa: F401 - before anything that imports e3nn 0.4
    from ase.io import read

    frames = read(options.frames, index=f":{options.batch}")
    for way in options.ways.split(","):
        torch.cuda.reset_peak_memory_stats()
        build = ours if options.package == "mlsci" else peer
        step, answer, parameters = build(options, frames=frames, way=way)
        found = {"package": options.package, "way": way, "batch": options.batch, "parameters": parameters}
        found["step_ms"] = round(milliseconds(step, warmup=5, calls=options.calls), 2)
        found["answer_ms"] = round(milliseconds(answer, warmup=5, calls=options.calls), 2)
        found["memory_mib"] = torch.cuda.max_memory_allocated() >> 20
        found["device"] = torch.cuda.get_device_name()
        print(json.dumps(found), flush=True)
        torch._dynamo.reset()


if __name__ == "__main__":
    main()
