"""The road of a job: seed -> data -> spec -> model -> fit -> test -> record."""

import os
import signal
import warnings
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.utilities.exceptions import SIGTERMException
from rich.console import Console

from mlsci import checkpoint, interpolation
from mlsci.build import instantiate
from mlsci.callbacks.checkpoint import Checkpoint
from mlsci.callbacks.resume import Resume
from mlsci.clock import Clock
from mlsci.data.base import Data
from mlsci.data.order import seed_all
from mlsci.errors import ConfigError, Interrupted
from mlsci.log import log_to
from mlsci.loggers.base import RunLogger
from mlsci.modelling import build_model
from mlsci.models import loop
from mlsci.models.base import Model
from mlsci.record import RunFolder, hardware
from mlsci.run import Result
from mlsci.shapes import check_shapes
from mlsci.signals import end_at_whole_step


class Job:
    """One run of one folder."""

    def __init__(self, folder: RunFolder, *, clock: Clock | None = None):
        self.folder = folder
        self.clock = clock or Clock()
        self.config = folder.config
        self.provenance = folder.provenance
        self.trust = list(self.config.get("trust") or [])
        self.resolved: dict[str, Any] = {}
        self.began = False
        self.epochs_done = 0
        self.steps_done = 0

    def run(self) -> Result:
        """Everything from the seed to the record."""
        with log_to(self.folder.path / "log.txt"):
            self._prepare()
            payload = self._payload()
            self.data = self._data()
            self.model = self._model()
            self.trainer = self._trainer(payload)
            if self.trainer.is_global_zero:
                self._name_hardware(resumed=payload is not None)
                where = "continues in" if payload else "run folder "
                Console().print(f"{where} {self.folder.path}", soft_wrap=True, highlight=False)
            self._connect()
            try:
                self._fit(payload)
                self.clock.fit_ended()
                return self._record()
            except BaseException:
                self._end_loggers()
                raise

    def _name_hardware(self, *, resumed: bool) -> None:
        """Write the trainer's GPUs before the processor, and all the machines of a run that was continued elsewhere."""
        device, found = self.trainer.strategy.root_device, hardware()
        if device.type == "cuda":
            found = f"{self.trainer.world_size} × {torch.cuda.get_device_name(device)}, {found}"
        before = self.provenance["hardware"].split("; ") if resumed else []
        machines = [*before, *([] if found in before else [found])]
        self.folder.write_json("provenance.json", {**self.provenance, "hardware": "; ".join(machines)})

    def _prepare(self) -> None:
        interpolation.register()
        if self.config["threads"]:
            torch.set_num_threads(self.config["threads"])
        if self.config["paths"]["data"]:
            os.environ["MLSCI_DATA_DIR"] = str(self.config["paths"]["data"])
        os.environ.setdefault("POSSIBLE_USER_WARNINGS", "off")  # Lightning's advice about workers and log intervals
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*smaller than the logging interval.*")
        seed_all(self.config["seed"])

    def _payload(self) -> dict[str, Any] | None:
        """What to continue from, if the folder has it."""
        return checkpoint.read(self.folder.last) if self.folder.last.is_file() else None

    def _data(self) -> Data:
        """The data, set up; shapes are checked against net and model before any file is touched."""
        data = instantiate(self.config["data"], trust=self.trust, path="data")
        if not isinstance(data, Data):
            raise ConfigError(f"data._target_: {type(data).__name__} is no mlsci.data.base.Data")
        if data.spec is not None:
            self._check_shapes(data)
        data.prepare_data()
        data.setup()
        return data

    def _check_shapes(self, data: Data) -> None:
        with torch.random.fork_rng(devices=[]):
            check_shapes(self._build_model(data, steps=1), data, choices=self.provenance["choices"])

    def _model(self) -> Model:
        seed_all(self.config["seed"])
        model = self._build_model(self.data, steps=self._steps())
        model.seed = self.config["seed"]
        if self.data.declare() is None:
            check_shapes(model, self.data, choices=self.provenance["choices"])
        return model

    def _build_model(self, data: Data, *, steps: int) -> Model:
        model, self.resolved = build_model(self.config, data, steps=steps, choices=self.provenance["choices"])
        return model

    def _steps(self) -> int:
        """Optimizer steps of the whole run, for schedules."""
        trainer = self.config["trainer"]
        if trainer.get("max_steps", -1) > 0:
            return trainer["max_steps"]
        world = trainer["devices"] if isinstance(trainer.get("devices"), int) and trainer["devices"] > 0 else 1
        loader = self.data.train_dataloader()
        loader.world = world * trainer.get("num_nodes", 1)
        loader.limit = None
        loader.limit = _batch_limit(trainer, loader.batches)
        an_epoch = -(-loader.batches // trainer.get("accumulate_grad_batches", 1))
        return max(an_epoch * trainer.get("max_epochs", 1), 1)

    def _trainer(self, payload: dict[str, Any] | None) -> Trainer:
        """Lightning's trainer, with what our own loop takes over taken out of its config."""
        config = dict(self.resolved["trainer"])
        if not self.data.has("val"):
            config["limit_val_batches"] = 0
        pace = self.model.pace
        pace.clip = config.pop("gradient_clip_val", None)
        pace.accumulate = config.pop("accumulate_grad_batches", 1) or 1
        callbacks = self.named("callbacks")
        loggers = self.named("logger")
        self._introduce(callbacks.values(), loggers.values(), payload)
        resume = [Resume(payload)] if payload is not None and not self.model.fitted_at_once else []
        return instantiate(
            config,
            trust=self.trust,
            path="trainer",
            callbacks=[*resume, *callbacks.values()],
            logger=list(loggers.values()) or False,
            default_root_dir=str(self.folder.path),
            num_sanity_val_steps=0,
            enable_progress_bar=any(type(c).__name__ == "Progress" for c in callbacks.values()),
            enable_model_summary=False,
            enable_checkpointing=any(isinstance(c, Checkpoint) for c in callbacks.values()),
            use_distributed_sampler=False,
            inference_mode=not self.model.needs_grad,
        )

    def _introduce(self, callbacks: Any, loggers: Any, payload: dict[str, Any] | None) -> None:
        """Tell callbacks and loggers of the run folder."""
        for callback in callbacks:
            if isinstance(callback, Checkpoint):
                callback.folder = self.folder.path / "checkpoints"
        about = {
            "experiment": self.provenance["experiment"],
            "run_id": self.provenance["run_id"],
            "name": self.folder.path.name,
            "sweep": self.provenance["sweep"],
            "config": self.resolved,
        }
        for logger in loggers:
            if isinstance(logger, RunLogger):
                logger.folder, logger.run = self.folder.path, about
                logger.resumed_step = payload["mlsci"].get("resume", {}).get("global_step") if payload else None

    def _connect(self) -> None:
        """Hand optimizer, schedule and pace to the model, order and block size to the data."""
        config = self.resolved
        pace, loader, trainer = self.model.pace, self.data.train_dataloader(), self.trainer
        pace.make_optimizer = instantiate(config["optimizer"], trust=self.trust, path="optimizer")
        pace.make_schedule = instantiate(config["scheduler"]["schedule"], trust=self.trust, path="scheduler.schedule")
        pace.interval = config["scheduler"]["interval"]
        pace.monitor = config["objective"]["monitor"]
        pace.through_lightning = trainer.world_size > 1 or str(trainer.precision) not in {"32-true", "64-true"}
        loader.rank, loader.world = trainer.global_rank, trainer.world_size
        loader.device = trainer.strategy.root_device
        loader.epoch = lambda: loop.epochs_done(trainer)
        loader.limit = None
        loader.limit = _batch_limit(config["trainer"], loader.batches)
        loader.steps_left = _steps_left(trainer, pace)
        loader.inner_steps = self._inner_steps(loader.batches)
        if loader.limit is not None:
            trainer.limit_train_batches = 1.0  # the loader keeps the limit, in batches; Lightning counts blocks
        self.model.block = checkpoint.block(self._description())

    def _inner_steps(self, batches: int) -> int:
        """Batches a block: up to the next log line, or one where Lightning has to see every batch."""
        wanted, trainer = self.config["inner_steps"], self.trainer
        needs_one = self.model.pace.through_lightning or trainer.val_check_interval != 1.0
        needs_one = needs_one or bool(self.resolved["trainer"].get("overfit_batches"))
        if wanted == "auto":
            return 1 if needs_one else max(min(loop.log_interval(trainer), batches), 1)
        if needs_one and wanted > 1:
            raise ConfigError(
                f"inner_steps: {wanted} steps between two looks of the trainer do not go with several devices, "
                f"mixed precision, overfit_batches or val_check_interval; use inner_steps=1 or auto"
            )
        return wanted

    def _description(self) -> checkpoint.Description:
        kept = ("model", "data", "objective", "reference", "seed")
        return checkpoint.Description(
            config={key: self.resolved[key] for key in kept},
            spec=self.data.spec,  # type: ignore[arg-type]
            versions=self.provenance["versions"],
            git=self.provenance["git"],
            seed=self.config["seed"],
            run_id=self.provenance["run_id"],
            choices=self.provenance["choices"],
        )

    def _fit(self, payload: dict[str, Any] | None) -> None:
        """Fit, with signals turned into an end at the next whole step."""
        self.began = True
        if self.model.fitted_at_once:
            from mlsci.fit_once import fit_once

            fit_once(self.model, self.data, self.trainer, folder=self.folder)
            return
        if payload is None:
            self.model.begin(self.data)
        with end_at_whole_step(self.model, self.trainer):
            try:
                self.trainer.fit(self.model, datamodule=self.data)
            except SIGTERMException as error:
                raise Interrupted(signal.SIGTERM) from error
            except ConfigError:
                self.began = self.trainer.global_step > 0  # callbacks may refuse before the first step
                raise
            finally:
                self.epochs_done, self.steps_done = self.trainer.current_epoch, self.trainer.global_step
        if self.model.pace.stop_signal is not None:
            raise Interrupted(self.model.pace.stop_signal)

    def _end_loggers(self) -> None:
        """What they have not written yet is lost otherwise."""
        for logger in self.trainer.loggers:
            if isinstance(logger, RunLogger):
                logger.end("failed")

    def named(self, key: str) -> dict[str, Any]:
        """The objects of a part of the config that is a dict by name; `<key>.<name>=null` leaves one out."""
        entries = {name: entry for name, entry in (self.resolved[key] or {}).items() if entry is not None}
        return instantiate(entries, trust=self.trust, path=key)

    def warn(self, text: str) -> None:
        """On the terminal and in log.txt."""
        warnings.warn(text, RuntimeWarning, stacklevel=2)

    def _record(self) -> Result:
        """Test the best state, draw, compare with the published number, and write metrics.json."""
        from mlsci.closing import close

        return close(self, seconds=self.clock.seconds)


def _batch_limit(trainer: dict[str, Any], batches: int) -> int | None:
    """`trainer.limit_train_batches` (a count or a share) and `fast_dev_run` in batches."""
    if trainer.get("fast_dev_run"):
        return int(trainer["fast_dev_run"])
    limit = trainer.get("limit_train_batches")
    if limit is None or (limit == 1.0 and isinstance(limit, float)):
        return None
    return limit if isinstance(limit, int) else max(int(limit * batches), 1)


def _steps_left(trainer: Trainer, pace: Any) -> Callable[[], int | None]:
    """Batches until `max_steps`, if there is such a limit."""

    def left() -> int | None:
        if trainer.max_steps < 0:
            return None
        return max((trainer.max_steps - trainer.global_step) * pace.accumulate - pace.pending, 0)

    return left
