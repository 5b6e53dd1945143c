"""Active learning of a potential: the ensemble explores, its teacher labels what is worth it, training goes on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from mlsci.data.ase_files import Labels, read
from mlsci.data.structures import Structure
from mlsci.data.xtb import XTB, write
from mlsci.errors import ConfigError, MlsciError
from mlsci.metrics.potential import PropertyError
from mlsci.models.exploration import Acquisition, Exploration, ranking
from mlsci.models.potential import Labels as Truth

CURVE = "labels/curve.json"


class ActiveLearning(Callback):
    """After every `every` epochs: test, explore, choose frames, label them, and go on with a larger training set.

    Test errors are for the curve alone: nothing is chosen by them. The frames of round k are kept in
    `labels/round_<k>.xyz` of the run folder, the curve in `labels/curve.json`; a resumed run reads them. Validation
    comes first, so that the averaged weights explore where callbacks.ema is on.

    Logs `active/labels` (training frames), `active/force_rmse` [meV/Å] and `active/energy_rmse` [meV] on the test
    part, `active/surprise` [meV/Å], the error of forces on new frames before they are learned, and
    `active/passed_over`, the frames that the teacher could not label or where a force is longer than
    exploration.max_force.

    Args:
        exploration: the dynamics that proposes frames.
        every: epochs a round.
        acquire: frames that are labelled in a round.
        acquisition: "uncertain", or "random" frames of the same exploration, to compare with.
        seed: of explorations and choices.

    Raises:
        ConfigError: data without a teacher, or without a fixed length of epochs; a model that is no ensemble.
    """

    def __init__(
        self,
        *,
        exploration: Exploration,
        every: int = 10,
        acquire: int = 10,
        acquisition: Acquisition = "uncertain",
        seed: int = 0,
    ):
        if min(every, acquire) < 1:
            raise ConfigError(
                f"callbacks.active_learning: every and acquire must be at least 1, got {every} and {acquire}"
            )
        if acquisition not in ("uncertain", "random"):
            raise ConfigError(f"callbacks.active_learning.acquisition: expected uncertain or random, got {acquisition}")
        self.exploration, self.every, self.acquire = exploration, every, acquire
        self.acquisition, self.seed = acquisition, seed
        self.rounds = 0
        self.curve: list[list[float]] = []  # labels, force RMSE [meV/Å], energy RMSE [meV]
        self._resumed = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take up the frames of earlier rounds, after a resume."""
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(data, XTB) or data.samples is None:
            raise ConfigError(
                "callbacks.active_learning: needs a teacher and epochs of fixed length: data=xtb data.samples=250"
            )
        if getattr(pl_module, "nets", None) is None or len(pl_module.nets) < 2:  # type: ignore[arg-type]
            raise ConfigError("callbacks.active_learning: needs an ensemble: model=potential model.members=3")
        self._data, self._folder = data, Path(trainer.default_root_dir)
        self._about = {
            "files": [data.file("train").name, data.file("test").name],
            "start": len(data.labelled),
            "parameters": sum(p.numel() for p in pl_module.parameters()),
            "every": self.every,
            "acquire": self.acquire,
            "exploration": asdict(self.exploration),
        }
        for number in range(1, self.rounds + 1):
            data.grow(read(self._file(number), labels=Labels(), key="labels"))
        if self.rounds < trainer.current_epoch // self.every:  # the run had ended here, and was given more epochs
            self._go_on(pl_module)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The end of a round."""
        done = trainer.current_epoch + 1
        if trainer.sanity_checking or trainer.state.fn != "fit" or done % self.every:
            return
        self._judge(pl_module)
        if trainer.max_epochs in (None, -1) or done < trainer.max_epochs:
            self._go_on(pl_module)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Hand this curve, and those of like runs beside it, to the figures."""
        curves = []
        for path in sorted(self._folder.parent.glob(f"*/{CURVE}")):
            found = json.loads(path.read_text())
            if found["about"] == self._about:
                curves.append({name: found[name] for name in ("acquisition", "seed", "curve")})
        self._data.remarks["label_curves"] = curves

    def state_dict(self) -> dict[str, Any]:
        """Where the loop stands."""
        return {"rounds": self.rounds, "curve": self.curve}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.rounds, self.curve, self._resumed = state_dict["rounds"], state_dict["curve"], True

    def _judge(self, model: LightningModule) -> None:
        """Errors on the test part, logged and written down."""
        force, energy = self._errors(model, self._data.split("test"))
        labels = len(self._data.labelled)
        self.curve.append([labels, force, energy])
        model.log_dict({"active/labels": float(labels), "active/force_rmse": force, "active/energy_rmse": energy})
        told = {"acquisition": self.acquisition, "seed": self.seed, "curve": self.curve, "about": self._about}
        path = self._folder / CURVE
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(told, indent=1))
        os.replace(part, path)

    def _go_on(self, model: LightningModule) -> None:
        """Explore, choose, label, grow."""
        path = self._file(self.rounds + 1)
        if not (self._resumed and path.is_file()):  # a resumed run comes to the same frames: they are labelled already
            write(path, self._labelled(model))
        frames = read(path, labels=Labels(), key="labels")
        before = len(self._data.labelled)
        self._data.grow(frames)
        grown = self._data.split("train").frames  # type: ignore[attr-defined]
        surprise, _ = self._errors(model, grown, first=before)
        model.log("active/surprise", surprise)
        self.rounds += 1

    def _labelled(self, model: LightningModule) -> list[Structure]:
        """The best candidates that the teacher can label; those that are torn apart are passed over."""
        seed = 1_000_003 * self.seed + self.rounds
        found = self.exploration.explore(model, self._data.labelled, seed=seed)
        labelled: list[Structure] = []
        passed_over = 0
        for candidate in ranking(found, acquisition=self.acquisition, seed=seed):
            try:
                (one,) = self._data.label([candidate.structure])
            except MlsciError:  # no self-consistent solution
                passed_over += 1
                continue
            if np.linalg.norm(np.asarray(one.forces), axis=1).max() > self.exploration.max_force:
                passed_over += 1
                continue
            labelled.append(one)
            if len(labelled) == self.acquire:
                model.log("active/passed_over", float(passed_over))
                return labelled
        raise MlsciError(
            f"callbacks.active_learning: {len(labelled)} of {len(found)} frames could be labelled, wanted "
            f"{self.acquire}; explore longer or less hot, or train longer before it (every)"
        )

    def _errors(self, model: LightningModule, part: Any, *, first: int = 0) -> tuple[float, float]:
        """Root mean square errors of forces [meV/Å] and energies [meV] on the frames from `first` on."""
        metrics = [PropertyError(of="forces"), PropertyError(of="energy")]
        for indices in torch.arange(first, len(part)).split(25):
            batch = part.batch(indices).to(model.device)
            found = model.properties(batch)  # type: ignore[operator]
            for metric in metrics:
                metric.to(model.device).update(found, Truth(batch))
        force, energy = (float(metric.compute()) for metric in metrics)
        return force, energy

    def _file(self, number: int) -> Path:
        return self._folder / "labels" / f"round_{number:02d}.xyz"
