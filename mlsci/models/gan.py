"""Generative adversarial networks (Goodfellow et al. 2014, arXiv:1406.2661) with two optimizers in the house's loop."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.optim import Optimizer
from torchmetrics import Metric

from mlsci.errors import ConfigError, NonFiniteLoss
from mlsci.models.gan_losses import Adversary, RelativisticPairing, ZeroCentred
from mlsci.models.generative import Generative
from mlsci.nets.condition import Condition
from mlsci.nets.conditioned import Conditioned
from mlsci.nets.scaling import Standardise

SETTLED = 500  # generator steps before a collapse is looked for
COLLAPSED = 0.1  # of the data's variance


class GAN(Generative):
    """x = generator(z), z (B, *latent) ~ N(0, 1), against a critic that tells data from samples.

    Every batch is one step: the critic's, and in every `critic_steps`-th batch the generator's after it; `global_step`
    counts batches. Optimizer and schedule are those of the config; the generator has an optimizer of its own, whose
    rate follows the critic's, from `generator_lr` where that is given.

    Logs the losses `critic`, `generator` and `penalty`, the norms of both gradients, `real` and `fake` (mean scores),
    and `variance_ratio`, the samples' variance over the data's in a batch: where it is below 0.1 at the end of an
    epoch, a warning names it. There is no likelihood: train with the last state kept.

    With `candidates` above 1 the critic corrects the samples: of so many candidates for each, one is kept with odds
    exp(score), the ratio of both densities (sampling-importance-resampling; after Azadi et al. 2019, arXiv:1810.06758,
    who reject). The score is that ratio for the generator as it is in the end: let it `rest`, and the critic go on.

    Args:
        shape: of one input.
        generator: makes the net from (B, *latent) to (B, *shape).
        critic: makes the net from (B, *shape) to (B, 1); without batch norm, which would mix samples.
        adversary: the pair of losses; relativistic pairing unless given.
        penalty: (score, data, samples) -> a penalty on the critic's slopes; R1 and R2 unless given.
        latent: values of z, or its shape: white noise on the grid of a field, for a net that maps fields to fields.
        critic_steps: critic steps to one of the generator.
        generator_lr: learning rate of the generator; None: the optimizer's, which is the critic's.
        rest: last part of the training, in which the critic learns alone, without penalty; until then the generator's
            rate falls to 0.
        penalty_fade: the penalty's weight before the rest over that at the start; between, by equal factors.
        candidates: drawn for each sample, of which the critic picks one.
        steps: optimizer steps of the whole training.
        spectral_norm: keep the largest singular value of every weight of the critic at 1 (Miyato et al. 2018).
        inputs, condition, metrics, pictured: as in `Generative`.

    Raises:
        ValueError: fewer than one latent value or critic step.
        ConfigError: a fade that is not positive, a rest outside [0, 1), no candidates, or several of them for an
            adversary whose scores are no odds.
    """

    steps_itself = True
    batches: Tensor

    def __init__(
        self,
        *,
        shape: Sequence[int],
        generator: Callable[..., nn.Module],
        critic: Callable[..., nn.Module],
        adversary: Adversary | None = None,
        penalty: Callable[..., Tensor] | None = None,
        latent: int | Sequence[int] = 32,
        critic_steps: int = 1,
        generator_lr: float | None = None,
        rest: float = 0.0,
        penalty_fade: float = 1.0,
        candidates: int = 1,
        steps: int = 1,
        spectral_norm: bool = False,
        inputs: Standardise | None = None,
        condition: Condition | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(shape=shape, inputs=inputs, condition=condition, metrics=metrics, pictured=pictured)
        self.latent = (latent,) if isinstance(latent, int) else tuple(latent)
        if min(self.latent, default=0) < 1 or critic_steps < 1:
            raise ValueError(f"GAN: latent and critic_steps must be at least 1, got {latent} and {critic_steps}")
        told = self.condition.features
        self.generator = Conditioned(generator, inputs=self.latent, outputs=self.shape, features=told)
        self.critic = Conditioned(critic, inputs=self.shape, outputs=(1,), features=told)
        if spectral_norm:
            for module in list(self.critic.modules()):
                if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
                    parametrizations.spectral_norm(module)
        self.adversary: Adversary = RelativisticPairing() if adversary is None else adversary
        self.penalty = ZeroCentred() if penalty is None else penalty
        _check(self.adversary, penalty_fade=penalty_fade, rest=rest, candidates=candidates)
        self.penalty_fade, self.rest, self.candidates, self.steps = penalty_fade, rest, candidates, steps
        self.critic_steps = critic_steps
        self.generator_lr = generator_lr
        self.generator_optimizer: Optimizer | None = None
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))
        self._last: dict[str, Tensor] = {}
        self._lr_ratio = 1.0
        self._variance_ratio: float | None = None

    def configure_optimizers(self) -> Any:
        """One optimizer for each net; the house's loop knows the critic's. Refuses what would miscount steps."""
        pace = self.pace
        if pace.make_optimizer is None:
            raise RuntimeError("model.pace has no make_optimizer: train through mlsci.run, or set it")
        if pace.through_lightning or pace.accumulate > 1:
            raise ConfigError("model=gan: takes one device, full precision and trainer.accumulate_grad_batches=1 only")
        pace.parameters = list(self.critic.parameters())
        pace.optimizer = pace.make_optimizer(pace.parameters)
        self.generator_optimizer = pace.make_optimizer(list(self.generator.parameters()))
        several = isinstance(pace.optimizer, torch.optim.LBFGS) or getattr(pace.optimizer, "needs_closure", False)
        if several or getattr(pace.optimizer, "needs_residuals", False):
            raise ConfigError(f"model=gan: {type(pace.optimizer).__name__} does not go with it; take adam or adamw")
        self._lr_ratio = 1.0 if self.generator_lr is None else self.generator_lr / pace.lr
        pace.schedule = pace.make_schedule(pace.optimizer) if pace.make_schedule else None
        return [pace.optimizer, self.generator_optimizer]

    def score(self, x: Tensor, condition: Tensor) -> Tensor:
        """The critic's scores (B,) of scaled x (B, *shape)."""
        return self.critic(x, condition)[:, 0]

    def draw(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units."""
        return self.generator(torch.randn(len(condition), *self.latent, device=condition.device), condition)

    def sample_as(self, condition: Tensor) -> Tensor:
        """New data (n, *shape) in physical units for conditions (n, features), picked among candidates."""
        if self.candidates == 1:
            return super().sample_as(condition)
        pieces = (some for told in self.pieces(condition) for some in told.split(max(len(told) // self.candidates, 1)))
        return torch.cat([self.physical(self._picked(told)) for told in pieces])

    def _picked(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units, each one of `candidates`, with odds exp(score)."""
        told = condition.repeat_interleave(self.candidates, dim=0)
        drawn = self.draw(told)
        odds = self.score(drawn, told).view(-1, self.candidates).softmax(dim=1)  # (n, candidates)
        first = torch.arange(len(condition), device=odds.device) * self.candidates
        return drawn[first + torch.multinomial(odds, 1)[:, 0]]

    def step(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """One step on a batch (x, y): both nets change. The loss is the sum of both nets' last ones."""
        real, told = self.scaled(batch[0]), self.condition(batch[1])
        self.batches += 1
        done = min(self.progress(self.steps) / (1 - self.rest), 1.0)  # of the time before the rest
        resting = self.rest > 0 and done == 1.0
        share = 1 - done if self.rest else 1.0  # of the generator's rate
        for group in self.generator_optimizer.param_groups if self.generator_optimizer is not None else []:
            group["lr"] = self._lr_ratio * self.pace.lr * share
        found = self._critic_step(real, told, weight=0.0 if resting else self.penalty_fade**done)
        if not resting and int(self.batches) % self.critic_steps == 0:
            self._last = self._generator_step(real, told)
        none = real.new_zeros(())  # before the generator's first step
        scalars = {**found, "generator": none, "generator_gradient": none, **self._last}
        return scalars["critic"] + scalars["generator"], scalars

    def _critic_step(self, real: Tensor, told: Tensor, *, weight: float) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self.draw(told)
        scores, others = self.score(real, told), self.score(fake, told)
        loss = self.adversary.critic(scores, others)
        penalty = loss.new_zeros(())
        if weight:
            penalty = weight * self.penalty(lambda x: self.score(x, told), real, fake)
        norm = self._descend(loss + penalty, self.critic, self.pace.optimizer)
        variances = [x.var(dim=0, correction=0).mean() if len(x) > 1 else x.new_ones(()) for x in (fake, real)]
        return {
            "critic": loss.detach(),
            "penalty": penalty.detach(),
            "real": scores.detach().mean(),
            "fake": others.detach().mean(),
            "critic_gradient": norm,
            "variance_ratio": variances[0] / variances[1].clamp_min(1e-12),
        }

    def _generator_step(self, real: Tensor, told: Tensor) -> dict[str, Tensor]:
        self.critic.requires_grad_(False)
        fake = self.score(self.draw(told), told)
        loss = self.adversary.generator(self.score(real, told).detach(), fake)
        norm = self._descend(loss, self.generator, self.generator_optimizer)
        self.critic.requires_grad_(True)
        return {"generator": loss.detach(), "generator_gradient": norm}

    def _descend(self, loss: Tensor, net: nn.Module, optimizer: Optimizer | None) -> Tensor:
        """Backward and step of one net; the norm of its gradient before clipping."""
        loss.backward()
        limit = math.inf if self.pace.clip is None else self.pace.clip
        norm = nn.utils.clip_grad_norm_(net.parameters(), limit)
        if optimizer is not None:
            optimizer.step()
            optimizer.zero_grad()
        return norm.detach()

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Of validation and test data: both losses, without penalty; they say little of the samples."""
        real, told = self.scaled(batch[0]), self.condition(batch[1])
        scores, others = self.score(real, told), self.score(self.draw(told), told)
        critic, generator = self.adversary.critic(scores, others), self.adversary.generator(scores, others)
        return critic + generator, {"critic": critic, "generator": generator}

    def logged(self, scalars: Mapping[str, float]) -> None:
        """Look at the means of a log line. Raises NonFiniteLoss where one is no number, by name."""
        bad = [f"{name}={value}" for name, value in scalars.items() if not math.isfinite(value)]
        if bad:
            raise NonFiniteLoss(
                f"the GAN became {', '.join(bad)} by step {self.global_step} (epoch {self.current_epoch}); "
                f"try a smaller optimizer.lr, a larger penalty or trainer.gradient_clip_val=1"
            )
        self._variance_ratio = scalars["variance_ratio"]

    def on_train_epoch_end(self) -> None:
        """Step a schedule that counts epochs, and look for a collapse."""
        super().on_train_epoch_end()
        if (
            self._variance_ratio is not None
            and self._variance_ratio < COLLAPSED
            and int(self.batches) // self.critic_steps >= SETTLED
        ):
            warnings.warn(
                f"gan: mode collapse: the variance of samples is {self._variance_ratio:.2g} of the data's "
                f"(epoch {self.current_epoch}); try a larger penalty or batch, or another adversary",
                RuntimeWarning,
                stacklevel=2,
            )


def _check(adversary: Adversary, *, penalty_fade: float, rest: float, candidates: int) -> None:
    if penalty_fade <= 0:
        raise ConfigError(f"model.penalty_fade: expected a factor above 0, got {penalty_fade}")
    if not 0 <= rest < 1:
        raise ConfigError(f"model.rest: expected a part of the training from 0 to below 1, got {rest}")
    if candidates < 1:
        raise ConfigError(f"model.candidates: expected at least 1, got {candidates}")
    if candidates > 1 and not adversary.log_odds:
        raise ConfigError(
            f"model.candidates={candidates}: the scores of {type(adversary).__name__} are no odds; "
            f"take candidates=1, or model.adversary NonSaturating or RelativisticPairing"
        )
