"""The variational autoencoder (Kingma & Welling 2014, arXiv:1312.6114), conditional or not, with several bounds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mlsci.models.bounds import ELBO, Bound, log_weights
from mlsci.models.importance import log_marginal
from mlsci.models.latent import Latent
from mlsci.models.likelihoods.base import Likelihood
from mlsci.models.posterior import Posterior
from mlsci.nets.condition import Condition
from mlsci.nets.conditioned import Conditioned
from mlsci.nets.scaling import Standardise

SCORING = 16  # fixed draws behind an anomaly score
SETTLED = 500  # steps before few effective draws are warned of: no posterior fits at its start


class VAE(Latent):
    """p(x) = ∫ p(x | decoder(z)) N(z | 0, 1) dz, trained by a lower bound with q(z | x) = N(encoder(x)).

    Logs `reconstruction` and `kl` (nats) beside the loss; tests log `nll`, -log p(x) by importance sampling in nats,
    of data in physical units (after `binarise`, where it is given). `predict` gives an anomaly score (B, 1): -log p(x)
    by a bound with 16 fixed draws.

    Args:
        shape: of one input.
        encoder: makes the net from (B, *shape) to (B, 2 · latent).
        decoder: makes the net from (B, latent) to (B, *shape).
        likelihood: p(x | outputs).
        latent: values of a code.
        bound: what is maximised.
        binarise: changes inputs in training and evaluation, such as mlsci.nets.binarise.Binarise.
        importance_samples: behind the test's nll; 0: none.
        sample_means: samples are the decoder's means, without the noise of the likelihood.
        inputs, condition, metrics, pictured: as in `Generative`.

    Raises:
        ValueError: fewer than one latent value, fewer than 0 importance samples.
    """

    noise: Tensor

    def __init__(
        self,
        *,
        shape: Sequence[int],
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        likelihood: Likelihood,
        latent: int = 16,
        bound: Bound | None = None,
        binarise: nn.Module | None = None,
        importance_samples: int = 100,
        sample_means: bool = False,
        inputs: Standardise | None = None,
        condition: Condition | None = None,
        metrics: Mapping[str, Metric] | None = None,
        pictured: int = 256,
    ):
        super().__init__(shape=shape, inputs=inputs, condition=condition, metrics=metrics, pictured=pictured)
        if latent < 1 or importance_samples < 0:
            raise ValueError(
                f"VAE: expected latent >= 1 and importance_samples >= 0, got {latent} and {importance_samples}"
            )
        told = self.condition.features
        self.encoder = Conditioned(encoder, inputs=self.shape, outputs=(2 * latent,), features=told)
        self.decoder = Conditioned(decoder, inputs=(latent,), outputs=self.shape, features=told)
        self.likelihood = likelihood
        self.latent = latent
        self.bound = ELBO() if bound is None else bound
        self.binarise = binarise
        self.importance_samples = importance_samples
        self.sample_means = sample_means
        noise = torch.randn(SCORING, 1, latent, generator=torch.Generator().manual_seed(0))
        self.register_buffer("noise", noise, persistent=False)

    def scaled(self, x: Tensor) -> Tensor:
        """Inputs in the units of the nets, in black and white where the model is of those."""
        x = super().scaled(x)
        return x if self.binarise is None else self.binarise(x)

    def posterior(self, x: Tensor, condition: Tensor) -> Posterior:
        """q(z | x) of scaled inputs (B, *shape)."""
        return Posterior.of(self.encoder(x, condition))

    def log_likelihood(self, z: Tensor, x: Tensor, condition: Tensor) -> Tensor:
        """log p(x | z) of codes z (K, B, latent) and scaled inputs x (B, *shape): (K, B)."""
        samples = len(z)
        told = condition if samples == 1 else condition.repeat(samples, 1)
        outputs = self.decoder(z.flatten(0, 1), told).unflatten(0, (samples, len(x)))  # (K, B, *shape)
        return self.likelihood.log_prob(outputs, x)

    def loss(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The negative bound of a batch (x, y), a mean over it, in nats of scaled data."""
        x, told = self.scaled(batch[0]), self.condition(batch[1])
        losses, scalars = self.bound(self.posterior(x, told), lambda z: self.log_likelihood(z, x, told))
        return losses.mean(), scalars

    def judged(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The bound; in a test also the importance-sampled `nll`."""
        loss, scalars = self.loss(batch)
        if self._trainer is not None and self._trainer.testing and self.importance_samples:
            scalars["nll"] = -self.log_prob(*batch, samples=self.importance_samples).mean()
        return loss, scalars

    def log_prob(self, x: Tensor, y: Tensor, *, samples: int) -> Tensor:
        """log p(x) of data (B, *shape) in physical units by importance sampling, in nats: (B,)."""
        found = log_marginal(
            self.scaled(x),
            self.condition(y),
            posterior=self.posterior,
            log_likelihood=self.log_likelihood,
            samples=samples,
            warn=self._trainer is None or self.global_step >= SETTLED,
        )
        return found - self.log_volume

    def predict(self, inputs: Tensor) -> Tensor:
        """The anomaly score (B, 1) of inputs (B, *shape): a bound of -log p(x), the same every time, in nats."""
        x = self.scaled(inputs)
        told = self.untold(len(x))
        q = self.posterior(x, told)
        weights = log_weights(q.at(self.noise), q, lambda z: self.log_likelihood(z, x, told))  # (16, B)
        bound = torch.logsumexp(weights, dim=0) - torch.log(weights.new_tensor(float(SCORING)))
        return (self.log_volume - bound)[:, None]

    def encode(self, x: Tensor, condition: Tensor) -> Tensor:
        """Means of the posterior (B, latent)."""
        return self.posterior(x, condition).mean

    def decode(self, z: Tensor, condition: Tensor) -> Tensor:
        """Means of the likelihood (B, *shape)."""
        return self.likelihood.mean(self.decoder(z, condition))

    def draw(self, condition: Tensor) -> Tensor:
        """Samples (n, *shape) in scaled units."""
        z = torch.randn(len(condition), self.latent, device=self.device)
        if self.sample_means:
            return self.decode(z, condition)
        return self.likelihood.sample(self.decoder(z, condition))
