"""Diffusion with the preconditioning, noise levels and samplers of EDM (Karras et al. 2022, arXiv:2206.00364)."""

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

EDM_RHO = 7.0


class Diffusion(Generative):
    """D(x, σ) = c_skip x + c_out net(c_in x, ln σ / 4), which removes noise of deviation σ from scaled data.

    c_skip = d² / (σ² + d²), c_out = σ d / √(σ² + d²), c_in = 1 / √(σ² + d²) with d = `sigma_data`. L is the mean of
    (σ² + d²) / (σ d)² · |D(x + σ n, σ) - x|² with ln σ ~ N(`log_sigma_mean`, `log_sigma_std`²). Samples follow
    dx/dσ = (x - D) / σ from `sigma_max` to 0. `log_prob` is exact up to the steps and to the noise `sigma_min` that
    remains on the data; with `likelihood_steps` tests log `nll`, in nats and physical units.

    Args:
        shape: of one input.
        net: makes the net from (B, *shape), told noise level and condition, to (B, *shape); see `Conditioned`.
        time: embeds ln σ / 4.
        sampler: the steps of sampling.
        sigma_data: deviation of scaled data.
        sigma_min, sigma_max: the noise levels where samples end and begin.
        rho: of the levels σ_i = (σ_max^(1/ρ) + i / (N - 1) (σ_min^(1/ρ) - σ_max^(1/ρ)))^ρ; None: samples follow
            x / (1 + σ/d) in equal steps of 1 / (1 + σ/d), the straight ways of flow matching; likelihoods take 7.
        likelihood_steps: of the test's nll; 0: none, as it costs many passes and derivatives.
        divergence: how the likelihood finds it: mlsci.models.ode_likelihood.
        inputs, condition, metrics, pictured: as in `Generative`.

    Raises:
        ValueError: levels that are not 0 < sigma_min < sigma_max, other numbers that are not positive.
    """

    def __init__(
        self,
        *,
        shape: Sequence[int],
        net: Callable[..., nn.Module],
        time: TimeEmbedding | None = None,
        sampler: Integrator | None = None,
        sigma_data: float = 1.0,
        sigma_min: float = 0.002,
        sigma_max: float = 80.0,
        rho: float | None = EDM_RHO,
        log_sigma_mean: float = -1.2,
        log_sigma_std: float = 1.2,
        likelihood_steps: int = 0,
        divergence: Divergence | None = None,
        inputs: Standardise | None = None,
        condition: Condition | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(shape=shape, inputs=inputs, condition=condition, metrics=metrics, pictured=pictured)
        if (
            not 0 < sigma_min < sigma_max
            or min(sigma_data, EDM_RHO if rho is None else rho, log_sigma_std) <= 0
            or likelihood_steps < 0
        ):
            raise ValueError(
                f"Diffusion: expected 0 < sigma_min < sigma_max, sigma_data, rho, log_sigma_std > 0 and "
                f"likelihood_steps >= 0, got {sigma_min}, {sigma_max}, {sigma_data}, {rho}, {log_sigma_std}, "
                f"{likelihood_steps}"
            )
        self.time = TimeEmbedding() if time is None else time
        told = self.time.features + self.condition.features
        self.net = Conditioned(net, inputs=self.shape, outputs=self.shape, features=told)
        default: Integrator = Heun(steps=30)
        self.sampler = default if sampler is None else sampler
        self.sigma_data, self.sigma_min, self.sigma_max, self.rho = sigma_data, sigma_min, sigma_max, rho
        self.log_sigma_mean, self.log_sigma_std = log_sigma_mean, log_sigma_std
        self.likelihood_steps = likelihood_steps
        self.divergence: Divergence = ExactTrace() if divergence is None else divergence
        self.needs_grad = likelihood_steps > 0

    def denoise(self, x: Tensor, sigma: Tensor, condition: Tensor) -> Tensor:
        """D (B, *shape) of noisy scaled x (B, *shape) with levels (B,)."""
        level = sigma.reshape(-1, *(1,) * len(self.shape))
        total = level.square() + self.sigma_data**2
        told = torch.cat((self.time(sigma.log() / 4), condition), dim=1)
        found = self.net(x * total.rsqrt(), told)
        return x * (self.sigma_data**2 / total) + found * (level * self.sigma_data * total.rsqrt())

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted error of the denoiser, for a batch (x, y)."""
        data, told = self.scaled(batch[0]), self.condition(batch[1])
        normal = torch.randn(len(data), device=data.device)
        sigma = (self.log_sigma_mean + self.log_sigma_std * normal).exp()
        level = sigma.reshape(-1, *(1,) * len(self.shape))
        found = self.denoise(data + level * torch.randn_like(data), sigma, told)
        weight = (level.square() + self.sigma_data**2) / (level * self.sigma_data).square()
        return (weight * (found - data).square()).mean(), {}

    def judged(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss; in a test with `likelihood_steps` also `nll`."""
        loss, scalars = self.loss(batch)
        if self._trainer is not None and self._trainer.testing and self.likelihood_steps:
            x, told = batch[0], self.condition(batch[1])
            scalars["nll"] = -self.log_prob(x, told, steps=self.likelihood_steps).mean()
        return loss, scalars

    def levels(self, count: int, *, device: torch.device) -> Tensor:
        """Noise levels (count,) from `sigma_max` down to `sigma_min`."""
        rho = EDM_RHO if self.rho is None else self.rho
        ends = self.sigma_max ** (1 / rho), self.sigma_min ** (1 / rho)
        return torch.linspace(*ends, count, device=device) ** rho

    def draw(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units."""
        noise = self.sigma_max * torch.randn(len(condition), *self.shape, device=condition.device)
        if self.rho is None:
            return self._draw_straight(noise, condition)
        levels = self.levels(self.sampler.steps, device=condition.device)
        times = torch.cat((levels, levels.new_zeros(1)))
        return self.sampler(self._field(condition), noise, times, open_end=True)

    def _draw_straight(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Along z = t x with t = 1 / (1 + σ/d): dz/dt = D - d (x - D) / σ, and the denoiser at the end."""

        def velocity(z: Tensor, t: Tensor) -> Tensor:
            x, sigma = z / t, self.sigma_data * (1 / t - 1)
            clean = self.denoise(x, sigma.expand(len(x)), condition)
            return clean - self.sigma_data * (x - clean) / sigma

        first, last = (1 / (1 + sigma / self.sigma_data) for sigma in (self.sigma_max, self.sigma_min))
        times = torch.linspace(first, last, self.sampler.steps + 1, device=noise.device)
        x = self.sampler(velocity, times[0] * noise, times) / times[-1]
        return self.denoise(x, x.new_full((len(x),), self.sigma_min), condition)

    def log_prob(self, x: Tensor, condition: Tensor, *, steps: int = 60) -> Tensor:
        """log p(x) of data (B, *shape) in physical units, in nats: (B,); the error falls with `steps` squared."""
        times = self.levels(steps + 1, device=x.device).flip(0)
        noise, change = followed(self._field(condition), self.scaled(x), times, self.divergence)
        variance = self.sigma_max**2 + self.sigma_data**2
        flat = noise.flatten(1)
        base = -0.5 * (flat.square().sum(dim=1) / variance + flat.shape[1] * math.log(2 * math.pi * variance))
        return base + change - self.log_volume

    def _field(self, condition: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda x, sigma: (x - self.denoise(x, sigma.expand(len(x)), condition)) / sigma
