"""The figures of a finished job: what they are drawn from, and the files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import TensorDataset

from mlsci.comparison import references
from mlsci.loggers.csv import CSV
from mlsci.plots.curves import learning_curves
from mlsci.plots.outcome import DoesNotApply, Outcome

if TYPE_CHECKING:
    from mlsci.job import Job


def outcome_of(job: Job, metrics: Mapping[str, float]) -> Outcome | None:
    """Inputs, predictions and targets for the figures; None where there are none."""
    part = job.data.pictured() if job.config["test"] else None
    own = getattr(job.model, "outcome", None)
    if part is not None and own is not None:
        named = {"target_names": job.data.spec.target_names or ()} if job.data.spec is not None else {}
        given = {"inputs": None, "metrics": metrics, "history": _history(job), "notes": _notes(job, metrics)}
        return Outcome(**{**given, **named, **own(part)})
    if not isinstance(part, TensorDataset) or len(part.tensors) != 2 or job.data.spec is None:
        return None
    if not job.model.predicts:
        return None
    spec, model = job.data.spec, job.model.eval()
    x, y = part.tensors
    with torch.set_grad_enabled(model.needs_grad):
        predictions = torch.cat([model.predict(rows).detach().cpu() for rows in x.to(model.device).split(1024)])
        extras = {name: values.cpu().numpy() for name, values in model.extras(x.to(model.device)).items()}
    return Outcome(
        inputs=x.numpy(),
        predictions=predictions.numpy(),
        targets=y.numpy(),
        classes=spec.classes,
        target_names=spec.target_names or (),
        units=spec.units,
        metrics=metrics,
        input_names=spec.input_names or (),
        extras=extras,
        history=_history(job),
        notes=_notes(job, metrics),
    )


def draw(job: Job, outcome: Outcome | None) -> dict[str, Path]:
    """Save every figure of the config that applies, and the learning curves; one that fails is named, not fatal."""
    job.folder.figures.mkdir(exist_ok=True)
    made: dict[str, Path] = {}
    wanted: dict[str, Callable[[], Any]] = {}
    if outcome is not None:
        wanted |= {name: partial(figure, outcome) for name, figure in job.named("figures").items()}
    curves = _curves(job)
    if curves.is_file() and job.steps_done:
        wanted["learning_curves"] = lambda: learning_curves(curves)
    for name, make in wanted.items():
        try:
            figure = make()
            path = job.folder.figures / f"{name}{getattr(figure, 'suffix', '.png')}"
            figure.savefig(path, dpi=150)
            made[name] = path
        except DoesNotApply:
            continue
        except Exception as error:
            job.warn(f"figures.{name}: not drawn: {type(error).__name__}: {error}")
    return made


def _curves(job: Job) -> Path:
    """metrics.csv, whole."""
    for logger in job.trainer.loggers:
        if isinstance(logger, CSV):
            logger.flush()
    return job.folder.path / "metrics.csv"


def _history(job: Job) -> dict[str, np.ndarray]:
    """The columns of metrics.csv by name, NaN where a row has no value."""
    path = _curves(job)
    if not path.is_file():
        return {}
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = rows[0] if rows else []
    return {name: np.array([float(row[name]) if row[name] else np.nan for row in rows]) for name in names}


def _notes(job: Job, metrics: Mapping[str, float]) -> dict[str, Any]:
    """Published values of the first metric that is compared, what data and model say, and standard errors."""
    found = references(job.config, job.provenance["choices"])
    known = [entry for entry in found if entry["metric"] == found[0]["metric"] and entry["value"] is not None]
    published = {entry.get("who", "published"): entry["value"] for entry in known if not entry["apart"]}
    errors = {
        f"stderr/{name.removeprefix('test/').removesuffix('_stderr')}": value
        for name, value in metrics.items()
        if name.endswith("_stderr")
    }
    return {"published": published, **job.data.notes(), **errors}
