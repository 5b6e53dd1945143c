"""Physics-informed networks (Raissi, Perdikaris & Karniadakis 2019): a net that fulfils a differential equation."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Generator, Tensor, nn
from torchmetrics import Metric

from mlsci.errors import ConfigError, NonFiniteLoss
from mlsci.models.base import Evaluation, Model
from mlsci.science.collocation.constraint import Constraint
from mlsci.science.collocation.derivative import Derivative
from mlsci.science.collocation.held_out import HeldOut, Watched
from mlsci.science.collocation.points import Points, untrained_faces
from mlsci.science.collocation.promises import check_promises
from mlsci.science.collocation.report import drift, residual_anywhere, standard_errors
from mlsci.science.collocation.solution import Solution
from mlsci.science.collocation.system import System
from mlsci.science.collocation.windows import Windows
from mlsci.science.pde.base import PDE
from mlsci.science.sampling.base import Sampler, low_discrepancy
from mlsci.science.weighting.base import Weighting

PROBES = 2048


class PINN(Model):
    """L = L_data + λ L_PDE: mean squares of an equation's residual and of its conditions at points.

    An epoch is one draw of points. `val/loss` is the loss on held-out points and chooses the best state; `val/error`
    and `test/error` are relative L2 errors against the reference.

    Args:
        pde: the equation.
        net: embedded coordinates -> one output a field.
        embedding: coordinates -> features.
        init: sets the weights, given embedded points of the domain.
        sampler: draws collocation points.
        weighting: how much each equation and point counts.
        constraint: hard or soft conditions.
        window: time windows.
        derivative: how derivatives are taken.
        metrics: compare fields with the reference.
        held_out: number of points for the held-out loss.
        dtype: of weights and coordinates.

    Raises:
        ConfigError: an equation that does not fit, points outside the domain.
        NonFiniteLoss: a residual that is not finite.
    """

    needs_grad = True

    def __init__(
        self,
        *,
        pde: PDE,
        net: nn.Module,
        embedding: nn.Module,
        init: Callable[..., None],
        sampler: Sampler,
        weighting: Weighting,
        constraint: Constraint,
        window: Windows,
        derivative: Derivative,
        metrics: Mapping[str, Metric] | None = None,
        held_out: int = 2000,
        dtype: Literal["float64", "float32"] = "float64",
    ):
        super().__init__(metrics=metrics)
        self.pde = pde
        self.window = window
        self.weighting = weighting
        self.solution = Solution(pde=pde, net=net, embedding=embedding, constraint=constraint, windows=window.count)
        starts = {name: torch.tensor(unknown.start, dtype=torch.float64) for name, unknown in pde.learned.items()}
        self.coefficients = nn.ParameterDict({name: nn.Parameter(start) for name, start in starts.items()})
        self.to(getattr(torch, dtype))
        self.points = Points(solution=self.solution, constraint=constraint, sampler=sampler)
        self._start(init)
        learned = dict(self.coefficients.items())
        self.system = System(solution=self.solution, coefficients=learned, derivative=derivative)
        check_promises(self.points, self.system)
        self.judge = HeldOut(
            self.system, points=self.points, constraint=constraint, weighting=weighting, count=held_out
        )
        self._held: tuple[int, Tensor] | None = None
        self._drawn = -1  # the last epoch that drew points
        self._loaded: dict[str, Any] | None = None
        self.register_load_state_dict_post_hook(PINN._restore)
        self.cpu_seconds, self._since = 0.0, 0.0
        self.after_step.append(self._adapt)
        self._check_observations()

    def forward(self, x: Tensor) -> Tensor:
        """The fields (N, fields) at points (N, coordinates)."""
        return self.solution(x.to(next(self.solution.parameters())))

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted loss on the points of this epoch, and its parts."""
        return self.system.loss()

    def ready(self) -> None:
        """Draw points."""
        self._draw()

    def residuals(self, batch: Any) -> Watched:
        """The equations at the points of this epoch, with their Jacobian and the loss at other points."""
        return Watched(self.system, self.judge)

    def evaluate(self, batch: Any) -> Evaluation:
        """The held-out loss, and the fields beside the reference."""
        loss = self._held_out_loss()
        if len(batch) == 1:
            return Evaluation(loss=loss)
        x, y = batch
        with torch.no_grad():
            return Evaluation(loss=loss, predictions=self(x), targets=y)

    def on_fit_start(self) -> None:
        """Say where the equation has no condition."""
        free = untrained_faces(self.pde, self.pde.conditions())
        if free:
            warnings.warn(
                f"pde: {type(self.pde).__name__} has no condition at {', '.join(free)}: the solution may not be unique",
                RuntimeWarning,
                stacklevel=1,  # Lightning leaves the kind out of warnings that come from its own files
            )

    def on_train_epoch_start(self) -> None:
        """Open the next time window where one is due, and draw new points."""
        super().on_train_epoch_start()
        self._since = time.process_time()
        if self._drawn != self.current_epoch:  # else a run goes on that was stopped after the draw
            self._open_window()
            if self._new_points_due():
                self._draw()
            self._drawn = self.current_epoch
        self._count_seconds()

    def training_step(self, block: Any, batch_idx: int) -> None:
        """Take the steps of a block; their processor time is counted up to the last step, before loggers start."""
        self._since = time.process_time()
        try:
            super().training_step(block, batch_idx)
        except FloatingPointError as error:
            self._explain(error)

    def on_validation_epoch_end(self) -> None:
        """Log held-out loss and error, the processor time, and the learned coefficients."""
        super().on_validation_epoch_end()
        self.log("cpu_seconds", self.cpu_seconds)
        self.log("points", float(len(self.system.blocks[0].points)) if self.system.blocks else 0.0)
        for name in self.coefficients:
            self.log(f"coefficient/{name}", self._coefficient(name))

    def final_metrics(self, data: Any) -> dict[str, float]:
        """The reference's own error, the legacy file's score, drifts of invariants, coefficients and their errors."""
        found = {f"test/drift_{name}": value for name, value in drift(self.system).items()}
        reference = data.reference
        if reference is not None:
            found["test/reference_error"] = reference.self_error
        legacy = data.legacy()
        if legacy is not None:
            with torch.no_grad():
                ours, truth = self.pde.scored(self(legacy[0]).double().cpu()), self.pde.scored(legacy[1])
            found["test/legacy_error"] = float((ours - truth).norm() / truth.norm())
        for name, unknown in self.pde.learned.items():
            value = self._coefficient(name)
            found[f"test/{name}"] = value
            if unknown.truth is not None:
                found[f"test/{name}_error"] = abs(value / unknown.truth - 1)
        if self.system.blocks:
            found |= {f"test/{name}_stderr": error for name, error in standard_errors(self.system).items()}
        return found | {"test/train_cpu_seconds": self.cpu_seconds}

    def extras(self, inputs: Tensor) -> dict[str, Tensor]:
        """The residual (N, equations) at the inputs."""
        parts = inputs.to(next(self.solution.parameters())).split(PROBES)
        return {"residual": torch.cat([residual_anywhere(self.system, rows) for rows in parts])}

    def get_extra_state(self) -> dict[str, Any]:
        """The points of this epoch and what else a resumed run needs to go on as if nothing had happened."""
        kept = [(block.name, block.points, block.normals) for block in self.system.blocks]
        rest = {"drawn": self._drawn, "cpu_seconds": self.cpu_seconds}
        return {"blocks": kept, "weighting": self.weighting.state_dict(), **rest}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Put `get_extra_state` back, once the nets of earlier windows are loaded too: points may start from them."""
        self._loaded = state

    def _restore(self, incompatible: Any) -> None:
        if self._loaded is None:
            return
        state, self._loaded = self._loaded, None
        self._drawn, self.cpu_seconds = state["drawn"], state["cpu_seconds"]
        self.system.blocks = self.points.rebuilt(state["blocks"])
        self.weighting.load_state_dict(state["weighting"])
        self.weighting.apply(self.system)
        self._held = None
        self.judge.forget()

    def _start(self, init: Callable[..., None]) -> None:
        """Weights from the global random state, that `run` has seeded."""
        generator = Generator().manual_seed(int(torch.randint(2**62, (1,))))
        points = low_discrepancy(self.points.geometry, count=PROBES, generator=generator)
        with torch.no_grad():
            embedded = self.solution.embedding(points.to(next(self.solution.parameters())))
        init(self.solution.net, embedded, generator=generator)

    def _draw(self) -> None:
        """A new training set, by the residuals of the present state once there is one."""
        generator = Generator().manual_seed(int(torch.randint(2**62, (1,))))
        known = bool(self.system.blocks)
        try:
            self.system.blocks = self.points.draw(
                count=self._count(),
                generator=generator,
                score=(lambda block: self.judge.residual(block).norm(dim=1)) if known else None,
            )
        except FloatingPointError as error:
            self._explain(error)
        self.system.latest = {}
        self.weighting.begin(self.system)
        if hasattr(self.pace.optimizer, "begin"):
            self.pace.optimizer.begin()  # type: ignore[union-attr]

    def _count(self) -> int | None:
        """The number of points: in a window it grows by the sampler's factor where that is due, up to its limit."""
        sampler, have = self.points.sampler, self.system.blocks
        if not have:
            return None
        count = len(have[0].points)
        if sampler.growth == 1 or (sampler.grow_when is not None and self.judge.ratio() <= sampler.grow_when):
            return count
        return min(int(count * sampler.growth), sampler.limit)

    def _held_out_loss(self) -> Tensor:
        """The loss on points that are never trained on; computed once a state."""
        step = int(self.global_step) if self._trainer is not None else -1
        if self._held is not None and self._held[0] == step:
            return self._held[1]
        try:
            self._held = (step, self.judge.loss())
        except FloatingPointError as error:
            self._explain(error)
        return self._held[1]  # type: ignore[index]

    def _coefficient(self, name: str) -> float:
        return float(self.pde.learned[name].value(self.coefficients[name].detach()))

    def _open_window(self) -> None:
        due = self.window.at_epoch(self.current_epoch, epochs=self.trainer.max_epochs or 1)
        while self.solution.index < due:
            self.solution.advance()
            self.system.blocks = []
            self._held = None
            for callback in self.trainer.checkpoint_callbacks:
                if hasattr(callback, "forget"):
                    callback.forget()
            if hasattr(self.pace.optimizer, "reset"):
                self.pace.optimizer.reset()  # type: ignore[union-attr]

    def _new_points_due(self) -> bool:
        return self.points.sampler.every > 0 or not self.system.blocks

    def _adapt(self) -> None:
        """Let the weighting look at the state and the last residuals; draw new points where these are over-fitted."""
        if self.weighting.needs_residuals and self.system.latest:
            self.weighting.after_step(self.system, self.system.latest)
        step = int(self.global_step) + self.pace.steps
        if self.weighting.every and step % self.weighting.every == 0:
            self.weighting.update(self.system, step)
        if getattr(self.pace.optimizer, "overfitted", False) and self.points.sampler.every:
            self._draw()
        self._count_seconds()

    def _count_seconds(self) -> None:
        now = time.process_time()
        self.cpu_seconds, self._since = self.cpu_seconds + now - self._since, now

    def _explain(self, error: FloatingPointError) -> None:
        raise NonFiniteLoss(
            f"{error} (step {self.global_step}, epoch {self.current_epoch}); the best state is kept. "
            f"Try a smaller optimizer.lr, or init=glorot"
        ) from error

    def _check_observations(self) -> None:
        if self.pde.learned and not any(c.kind == "data" for c in self.pde.conditions()):
            raise ConfigError(f"pde: {', '.join(self.pde.learned)} shall be learned, but there are no observations")
