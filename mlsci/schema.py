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
    monitor: str | None = "val/loss"  # None: the last state is kept
    mode: Literal["min", "max"] = "min"
    figures: Any = None


@dataclass
class ReferenceSchema:
    """A published number; `value: null` where there is none. "equal" means to a share `within` of it.

    `given`: choices and values of the config for which it stands; a run with others is shown beside it, not judged.
    """

    metric: str
    value: float | None
    unit: str = ""
    better: Literal["lower", "higher", "equal"] = "lower"
    within: float = 0.01
    source: str = ""
    who: str = "published"
    statistic: Literal["mean", "median"] = "mean"  # of several seeds, in the table of results
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Schema:
    """The top level of a composed config; a key without a default cannot be removed."""

    seed: int
    threads: int | None
    inner_steps: int | Literal["auto"]
    test: bool
    trust: list[str] = field(default_factory=list)
    vars: Any = None
    run: RunSchema
    paths: PathsSchema
    reference: Any = None
    baselines: Any = None
    figures: Any = None
    title: str | None = None
    objective: ObjectiveSchema
    net: Any = None
    pde: Any = None
    embedding: Any = None
    init: Any = None
    sampler: Any = None
    weighting: Any = None
    constraint: Any = None
    window: Any = None
    derivative: Any = None
    condition: Any = None
    flow: Any = None
    model: dict[str, Any]
    data: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: SchedulerSchema
    trainer: dict[str, Any]
    callbacks: dict[str, Any]
    logger: dict[str, Any]
