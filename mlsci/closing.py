"""The end of a job: test the best state, compare with the published number, draw, and write it all down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Timer
from rich.console import Console
from rich.table import Table
from torch.utils.data import ConcatDataset, Dataset, TensorDataset

from mlsci import checkpoint
from mlsci.build import instantiate
from mlsci.comparison import compare, references
from mlsci.drawing import draw, outcome_of
from mlsci.errors import ConfigError
from mlsci.loggers.base import RunLogger
from mlsci.run import Result

if TYPE_CHECKING:
    from mlsci.job import Job


def close(job: Job, *, seconds: Callable[[], dict[str, float]]) -> Result:
    """Test, compare, draw and record; only the first device writes."""
    _best_weights(job)
    metrics = _test(job)
    if not job.trainer.is_global_zero:
        return Result(metrics=metrics, folder=job.folder.path, model=job.model, comparison=[])
    timing = seconds()  # of our method: baselines and figures come after it
    parameters = sum(p.numel() for p in job.model.parameters())
    found = {"metrics": metrics, "parameters": parameters, "epochs": job.epochs_done, "steps": job.steps_done, **timing}
    job.folder.write_json("metrics.json", found)  # first: no baseline that fails may cost the run its numbers
    baselines = _baselines(job)
    published = references(job.config, job.provenance["choices"]) if job.config["test"] else []
    comparison = compare(metrics, published, baselines)
    job.folder.write_json("metrics.json", {**found, "comparison": comparison, "baselines": baselines})
    figures = draw(job, outcome_of(job, metrics))
    _end_loggers(job, metrics, figures)
    _print(job, metrics, comparison, figures, timing)
    return Result(metrics=metrics, folder=job.folder.path, model=job.model, comparison=comparison)


def _best_weights(job: Job) -> None:
    """The state that is tested and kept is the best one by the monitored value."""
    if job.folder.best.is_file() and not job.model.fitted_at_once:
        job.model.load_state_dict(checkpoint.read(job.folder.best)["state_dict"])


def _test(job: Job) -> dict[str, float]:
    """Validation values of the best state, and test values."""
    found: dict[str, float] = {}
    stages = [("val", job.trainer.validate)] if job.data.has("val") else []
    if job.config["test"] and job.data.has("test"):
        stages.append(("test", job.trainer.test))
    with _without_loggers(job.trainer):
        for name, stage in stages:
            stage(job.model, datamodule=job.data, verbose=False)
            found |= {k: float(v) for k, v in job.trainer.callback_metrics.items() if k.startswith(f"{name}/")}
        if job.config["test"]:
            found |= job.model.eval().final_metrics(job.data)  # the trainer leaves it in the mode of training
    return found


@contextmanager
def _without_loggers(trainer: Trainer) -> Iterator[None]:
    """The curves end with the training; what is measured after it goes to the summary."""
    loggers, trainer.loggers = trainer.loggers, []
    try:
        yield
    finally:
        trainer.loggers = loggers


def _baselines(job: Job) -> dict[str, dict[str, float]]:
    """Other methods, fitted on training and validation part together, tested on the same test part."""
    configs = job.config.get("baselines") or {}
    if not configs or not (job.config["test"] and job.data.has("test")):
        return {}
    train: Dataset = ConcatDataset([job.data.split(n) for n in ("train", "val") if job.data.has(n)])
    x, y = _arrays(train, job)
    test_x, test_y = _arrays(job.data.split("test"), job)
    found: dict[str, dict[str, float]] = {}
    for name, config in configs.items():
        if config is None:
            continue
        method = instantiate(config, trust=job.trust, path=f"baselines.{name}")
        method.fit(x, y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y)
        predictions = _answers(method, test_x, test_y)
        found[name] = {}
        for metric_name, metric in job.model.test_metrics.items():
            metric.reset()  # type: ignore[operator]
            metric.update(torch.as_tensor(predictions), torch.as_tensor(test_y))  # type: ignore[operator]
            found[name][f"test/{metric_name}"] = float(metric.compute())  # type: ignore[operator]
    return found


def _arrays(dataset: Dataset, job: Job) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (N, features), scaled as for our model, and targets."""
    parts = dataset.datasets if isinstance(dataset, ConcatDataset) else [dataset]
    if not all(isinstance(part, TensorDataset) for part in parts):
        raise ConfigError("baselines: need inputs and targets in memory (a TensorDataset)")
    x, y = (torch.cat(tensors) for tensors in zip(*(p.tensors for p in parts), strict=True))  # type: ignore[attr-defined]
    scale = getattr(job.model, "inputs", None)
    with torch.no_grad():
        x = x if scale is None else scale(x)
    return x.flatten(1).numpy(), y.numpy()


def _answers(method: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Probabilities (N, classes), or values in the shape of the targets."""
    if np.issubdtype(y.dtype, np.integer):
        if hasattr(method, "predict_proba"):
            return method.predict_proba(x)
        return np.eye(int(y.max()) + 1)[method.predict(x)]
    return np.asarray(method.predict(x), dtype=np.float64).reshape(y.shape)


def _end_loggers(job: Job, metrics: Mapping[str, float], figures: Mapping[str, Path]) -> None:
    for logger in job.trainer.loggers:
        if isinstance(logger, RunLogger):
            logger.log_summary(metrics, figures)
            logger.end("success")


def _print(job: Job, metrics: Any, comparison: Any, figures: Any, timing: Any) -> None:
    """The closing table: ours against published, and where everything is."""
    console = Console()
    console.print(_table(job.provenance["experiment"], metrics, comparison, units_of(job.model)))
    for path in figures.values():
        console.print(f"figure      {path}", soft_wrap=True, highlight=False)
    shown = job.folder.best if job.folder.best.is_file() else job.folder.last
    if shown.is_file():
        console.print(f"checkpoint  {shown}", soft_wrap=True, highlight=False)
    if job.config["reference"] and not job.config["test"]:
        console.print("compared    nothing: test=false", highlight=False)
    if _out_of_time(job.trainer):
        limit, resume = job.config["trainer"]["max_time"], f"mlsci resume {job.folder.path} trainer.max_time=..."
        told = f"stopped     trainer.max_time={limit} is used up; with more of it: {resume}"
        console.print(told, soft_wrap=True, highlight=False)
    console.print(f"CPU time    {timing['cpu_seconds']:.1f} s", highlight=False)


def _out_of_time(trainer: Trainer) -> bool:
    left = [one.time_remaining() for one in trainer.callbacks if isinstance(one, Timer)]  # type: ignore[attr-defined]
    return any(seconds is not None and seconds <= 0 for seconds in left)


def units_of(model: Any) -> dict[str, str]:
    """Units of test values by name, where their metrics say them."""
    return {f"test/{name}": getattr(metric, "unit", "") for name, metric in model.test_metrics.items()}


def _table(experiment: str, metrics: Mapping[str, float], comparison: list[dict], units: Mapping[str, str]) -> Table:
    title = f"{experiment}: ours against published" if comparison else experiment
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in ("metric", "ours", "compared with", "value", "reached"):
        table.add_column(column, justify="right" if column in {"ours", "value"} else "left")
    compared = {row["metric"] for row in comparison}
    for row in comparison:
        value = "" if row["published"] is None else f"{row['published']:.5g} {row['unit']}".strip()
        who = f"{row['who']}: {row['source']}"
        mark = {True: "[green]yes[/]", False: "[yellow]no[/]", None: ""}[row["reached"]]
        table.add_row(row["metric"], f"{row['ours']:.5g} {row['unit']}".strip(), who, value, mark)
    for name, number in metrics.items():
        if name not in compared and name.startswith("test/"):
            table.add_row(name, f"{number:.5g} {units.get(name, '')}".strip(), "", "", "")
    return table
