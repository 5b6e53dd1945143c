"""The typed schema of the config's own keys; groups are checked against the signatures of their targets."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class RunSchema:
    """Where the run is written."""

    name: str | None = None
    dir: str | None = None


@dataclass
class PathsSchema:
    """Folders."""

    runs: str = "runs"
    data: str | None = None


@dataclass
class SchedulerSchema:
    """A learning-rate schedule and how often it is stepped."""

    interval: Literal["step", "epoch"] = "epoch"
    schedule: Any = None


@dataclass
class ObjectiveSchema:
    """What a model is fitted for; its values are interpolated by `model`, `callbacks` and `figures`."""

    loss: Any = None
    output: Any = None
    shape: Any = None
    scaling: Any = None
    metrics: Any = None
    monitor: str = "val/loss"
    mode: Literal["min", "max"] = "min"
    figures: Any = None


@dataclass
class Schema:
    """The top level of a composed config."""

    seed: int = 0
    threads: int | None = None
    inner_steps: int | Literal["auto"] = "auto"
    test: bool = True
    trust: list[str] = field(default_factory=list)
    vars: Any = None
    run: RunSchema = field(default_factory=RunSchema)
    paths: PathsSchema = field(default_factory=PathsSchema)
    reference: Any = None
    baselines: Any = None
    figures: Any = None
    title: str | None = None
    objective: ObjectiveSchema = field(default_factory=ObjectiveSchema)
    net: Any = None
    model: Any = None
    data: Any = None
    optimizer: Any = None
    scheduler: SchedulerSchema = field(default_factory=SchedulerSchema)
    trainer: Any = None
    callbacks: Any = None
    logger: Any = None
