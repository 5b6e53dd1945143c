"""mlsci itself, as `mlsci train experiment=atoms/...` runs it; "compiled" is model.compile=true.

A training has the experiment's settings but for its length and schedule, which callbacks.budget gives: the rate goes
down to zero over the CPU time, as it does for the others. Validation is off, as it is for them.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from job import BEGAN, Job, begin, errors, milliseconds, shaken, through_calculator
from stopwatch import Stopwatch

import mlsci
from mlsci import config, interpolation
from mlsci.build import instantiate
from mlsci.modelling import build_model
from mlsci.science.atoms.graph import batch
from mlsci.science.atoms.structure import Structure

QUIET = ["threads=1", "trainer.limit_val_batches=0", "logger=csv", "figures={}", "callbacks.progress=null"]


def overrides(task: Job) -> list[str]:
    """What all kinds share; the split is that of the frames of the others."""
    return [*task.overrides, *QUIET, f"model.compile={str(task.mode == 'compiled').lower()}"]


def trained(task: Job, *more: str) -> Any:
    """The result of a training with a stopwatch."""
    watch = ["trust=[stopwatch]", "+callbacks.watch._target_=stopwatch.Stopwatch"]
    return mlsci.train([*overrides(task), *watch, f"run.dir={Path(task.out).parent}/run", *more])


def step(task: Job) -> dict:
    """Time of a training step inside of the trainer."""
    count = task.warmup + task.calls
    budget = ["trainer.max_epochs=1000", "test=false", f"+callbacks.watch.steps={count}"]
    result = trained(task, *budget)
    ends = Stopwatch.latest.ends
    times = 1e3 * np.diff(ends)[task.warmup - 1 :]
    parameters = sum(weight.numel() for weight in result.model.parameters())
    before = ends[task.warmup - 1] - BEGAN[-1]
    return {"ms": float(np.median(times)), "before_s": before, "parameters": parameters}


def built(task: Job) -> torch.nn.Module:
    """The model of the experiment, with weights as drawn; its answers compiled where that is asked for."""
    interpolation.register()
    composed = config.explain(overrides(task), [])
    values = config.plain(composed.config)
    data = instantiate(values["data"], path="data")
    data.prepare_data()
    data.setup()
    model: Any = build_model(values, data, steps=100_000, choices=composed.choices)[0].eval()
    if task.mode == "compiled":
        model.compile_answers()
    return model


def frame(task: Job) -> dict:
    """Time of energy and forces of one frame, its graph given."""
    model: Any = built(task)
    frames = shaken(task)
    inputs = [batch([Structure.from_ase(frames(number))], task.cutoff) for number in range(8)]
    return milliseconds(task, lambda number: model.properties(inputs[number % len(inputs)]))


def train(task: Job) -> dict:
    """Errors after the given CPU time."""
    budget = ["callbacks=[default,ema,budget]", "scheduler=none", f"callbacks.budget.seconds={task.seconds}"]
    result = trained(task, *budget, "trainer.max_epochs=100000")
    watch = Stopwatch.latest
    spent = {"train_s": watch.ends[-1] - watch.began, "first_s": watch.ends[0] - watch.began, "steps": len(watch.ends)}
    found = {part: judged(task, result.model, part) for part in ("valid", "test")}
    reported = result.metrics["test/force_rmse"]
    if abs(reported - found["test"]["force_rmse"]) > 0.01 * reported:
        sys.exit(f"test/force_rmse is {reported}, but {found['test']['force_rmse']} on the frames of the others")
    return spent | found | {"reported": dict(result.metrics)}


def judged(task: Job, model: Any, part: str) -> dict[str, float]:
    """Errors on the same frames as everyone else's."""
    frames, predicted = task.frames(part), []
    for atoms in frames:
        found = model.properties(batch([Structure.from_ase(atoms)], task.cutoff))
        predicted.append((float(found.energy[0]), found.forces.numpy()))
    return errors(predicted, frames)


def main() -> None:
    """Do the job."""
    task = begin()
    if task.kind == "calculator":
        from mlsci.atoms import Calculator

        task.write(through_calculator(task, Calculator(built(task))))
    else:
        task.write({"step": step, "frame": frame, "train": train}[task.kind](task))


if __name__ == "__main__":
    main()
