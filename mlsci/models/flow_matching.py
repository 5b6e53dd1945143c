"""Flow matching on straight ways from noise to data (Lipman et al. 2023, arXiv:2210.02747)."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.generative import Generative
from mlsci.models.integrators import Heun, Integrator
from mlsci.models.ode_likelihood import Divergence, ExactTrace, followed
from mlsci.nets.condition import Condition
from mlsci.nets.conditioned import Conditioned
from mlsci.nets.scaling import Standardise
from mlsci.nets.time_embedding import TimeEmbedding


class FlowMatching(Generative):
    """L = |v(x_t, t) - (x_1 - x_0)|² with x_t = (1 - t) x_0 + t x_1, x_0 ~ N(0, 1), x_1 scaled data, t uniform.

    Samples follow dx/dt = v from t = 0 to 1. `log_prob` is exact up to the steps; with `likelihood_steps` tests log
    `nll`, in nats and physical units.

    Args:
        shape: of one input.
        net: makes the net from (B, *shape), told time and condition, to (B, *shape); see `Conditioned`.
        time: embeds t.
        sampler: the steps of sampling.
        pairing: (noise, data) -> noise in another order, such as mlsci.models.pairing.OptimalTransport; None: as drawn.
        likelihood_steps: of the test's nll; 0: none, as it costs many passes and derivatives.
        divergence: how the likelihood finds it: mlsci.models.ode_likelihood.
        inputs, condition, metrics, pictured: as in `Generative`.

    Raises:
        ValueError: a negative number of steps.
    """

    def __init__(
        self,
        *,
        shape: Sequence[int],
        net: Callable[..., nn.Module],
        time: TimeEmbedding | None = None,
        sampler: Integrator | None = None,
        pairing: Callable[[Tensor, Tensor], Tensor] | None = None,
        likelihood_steps: int = 0,
        divergence: Divergence | None = None,
        inputs: Standardise | None = None,
        condition: Condition | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(shape=shape, inputs=inputs, condition=condition, metrics=metrics, pictured=pictured)
        if likelihood_steps < 0:
            raise ValueError(f"FlowMatching: likelihood_steps must not be negative, got {likelihood_steps}")
        self.time = TimeEmbedding() if time is None else time
        told = self.time.features + self.condition.features
        self.net = Conditioned(net, inputs=self.shape, outputs=self.shape, features=told)
        default: Integrator = Heun()
        self.sampler = default if sampler is None else sampler
        self.pairing = pairing
        self.likelihood_steps = likelihood_steps
        self.divergence: Divergence = ExactTrace() if divergence is None else divergence
        self.needs_grad = likelihood_steps > 0

    def velocity(self, x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        """v (B, *shape) at scaled x (B, *shape) and times (B,)."""
        return self.net(x, torch.cat((self.time(t), condition), dim=1))

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean squared error of the velocity, for a batch (x, y)."""
        data, told = self.scaled(batch[0]), self.condition(batch[1])
        noise = torch.randn_like(data)
        if self.pairing is not None:
            noise = self.pairing(noise, data)
        t = torch.rand(len(data), device=data.device)
        x = torch.lerp(noise, data, t.reshape(-1, *(1,) * len(self.shape)))
        return (self.velocity(x, t, told) - (data - noise)).square().mean(), {}

    def judged(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss; in a test with `likelihood_steps` also `nll`."""
        loss, scalars = self.loss(batch)
        if self._trainer is not None and self._trainer.testing and self.likelihood_steps:
            x, told = batch[0], self.condition(batch[1])
            scalars["nll"] = -self.log_prob(x, told, steps=self.likelihood_steps).mean()
        return loss, scalars

    def draw(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units."""
        noise = torch.randn(len(condition), *self.shape, device=condition.device)
        times = torch.linspace(0, 1, self.sampler.steps + 1, device=condition.device)
        return self.sampler(self._field(condition), noise, times)

    def log_prob(self, x: Tensor, condition: Tensor, *, steps: int = 50) -> Tensor:
        """log p(x) of data (B, *shape) in physical units, in nats: (B,); the error falls with `steps` squared."""
        times = torch.linspace(1, 0, steps + 1, device=x.device)
        noise, change = followed(self._field(condition), self.scaled(x), times, self.divergence)
        flat = noise.flatten(1)
        base = -0.5 * (flat.square().sum(dim=1) + flat.shape[1] * math.log(2 * math.pi))
        return base + change - self.log_volume

    def _field(self, condition: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda x, t: self.velocity(x, t.expand(len(x)), condition)
