"""Normalising flows (Rezende & Mohamed 2015), trained from data or from an unnormalised density."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from mlsci.data.order import mix
from mlsci.metrics.importance import effective_sample_size, normalisation
from mlsci.models.generative import Generative
from mlsci.nets.condition import Condition
from mlsci.nets.flows.base import StandardNormal
from mlsci.nets.flows.transform import Transform
from mlsci.nets.scaling import Standardise
from mlsci.science.markov.autocorrelation import autocorrelation
from mlsci.science.markov.independence import independence_chains

FEW = 0.01  # an effective sample size below it says nothing of log Z
SETTLED = 500  # steps before it is warned of: no flow fits at its start


class Flow(Generative):
    """log p(x) = log base(f(x)) + log |df/dx|, exact; x = f⁻¹(z) samples.

    Without an `action` L = -log p(x) over data (maximum likelihood), logged as `nll` in nats and physical units. With
    one, S(x) of a density e^(-S) / Z, L = E[log p(x) + S(x)] over the flow's own samples (reverse Kullback-Leibler),
    which is -log Z at its minimum; batches then only say how many. Logged: `ess`, the effective sample size of a batch.

    `predict` gives -log p(x) as an anomaly score (B, 1).

    Args:
        shape: of one input.
        flow: makes the transform from shape and features (a config with `_partial_: true`).
        base: makes the distribution of z from shape; the standard normal one unless given.
        action: samples (B, *shape) in physical units -> S (B,).
        draws: samples of the test with an action, behind `test/ess`, `test/log_z` and the Metropolis chain.
        inputs, condition, metrics, pictured: as in `Generative`.

    Raises:
        ValueError: fewer than two draws.
    """

    answer_names = ("score",)

    def __init__(
        self,
        *,
        shape: Sequence[int],
        flow: Callable[..., Transform],
        base: Callable[..., StandardNormal] | None = None,
        action: Callable[[Tensor], Tensor] | None = None,
        draws: int = 10_000,
        inputs: Standardise | None = None,
        condition: Condition | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(shape=shape, inputs=inputs, condition=condition, metrics=metrics, pictured=pictured)
        if draws < 2:
            raise ValueError(f"Flow: draws must be at least 2, got {draws}")
        self.flow = flow(shape=self.shape, features=self.condition.features)
        self.base = (StandardNormal if base is None else base)(shape=self.shape)
        self.action = action
        self.draws = draws
        self._chain: Tensor | None = None

    def log_prob(self, x: Tensor, condition: Tensor) -> Tensor:
        """log p(x) of data (B, *shape) in physical units, in nats: (B,)."""
        z, log_det = self.flow(self.scaled(x), condition)
        return self.base.log_prob(z) + log_det - self.log_volume

    def sample_with_log_prob(self, condition: Tensor) -> tuple[Tensor, Tensor]:
        """New x (n, *shape) in physical units and their log p(x) (n,), differentiable in the flow."""
        z = self.base.sample(len(condition), like=condition)
        x, log_det = self.flow.inverse(z, condition)
        return self.physical(x), self.base.log_prob(z) - log_det - self.log_volume

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Of a batch (x, y): see the class."""
        x, told = batch[0], self.condition(batch[1])
        if self.action is None:
            return -self.log_prob(x, told).mean(), {}
        drawn, log_prob = self.sample_with_log_prob(told)
        log_weights = -self.action(drawn) - log_prob  # (B,)
        return -log_weights.mean(), {"ess": effective_sample_size(log_weights.detach())}

    def judged(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and `nll`, -log p(x) of the data."""
        loss, scalars = self.loss(batch)
        nll = loss if self.action is None else -self.log_prob(batch[0], self.condition(batch[1])).mean()
        return loss, {**scalars, "nll": nll}

    def final_metrics(self, data: Any) -> dict[str, float]:
        """With an action: effective sample size, log Z with its error, and the chain of proposals."""
        if self.action is None:
            return {}
        with torch.no_grad():
            told = self.untold(self.draws)
            parts = [self.sample_with_log_prob(piece) for piece in self.pieces(told)]
            log_weights = torch.cat([-self.action(x) - log_prob for x, log_prob in parts]).double()
            size = torch.cat([x.flatten(1).mean(dim=1).abs() for x, _ in parts])
        found = normalisation(log_weights)
        visits = independence_chains(log_weights[:, None], draw=torch.Generator().manual_seed(mix(self.seed, 1)))
        self._chain = size.cpu()[visits.at[:, 0]]
        just_begun = self._trainer is not None and self.global_step < SETTLED
        if found.share < FEW and not just_begun:
            text = f"effective sample size {found.share:.2g} of {self.draws} samples: log Z and its error mean nothing"
            warnings.warn(f"flow: {text}", RuntimeWarning, stacklevel=2)
        return {
            "test/ess": found.share,
            "test/log_z": found.log_z,
            "test/log_z_stderr": found.stderr,
            "test/acceptance": visits.acceptance,
            "test/autocorrelation_time": autocorrelation(self._chain[:, None]).tau,
        }

    def shown(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """With an action, once it was tested: |mean of a sample| along the Metropolis chain, (draws,)."""
        return {} if self._chain is None else {"chain": self._chain}

    def predict(self, inputs: Tensor) -> Tensor:
        """The anomaly score (B, 1) of inputs (B, *shape): -log p(x), in nats."""
        return -self.log_prob(inputs, self.untold(len(inputs)))[:, None]

    def draw(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units."""
        return self.flow.inverse(self.base.sample(len(condition), like=condition), condition)[0]
