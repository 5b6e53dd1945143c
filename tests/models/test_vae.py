"""VAEs beside exact answers: probabilistic PCA, the marginal of a linear model, bounds that grow with K."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from mlsci.errors import ConfigError, MlsciError
from mlsci.models.bounds import ELBO, IWAE
from mlsci.models.likelihoods.bernoulli import Bernoulli
from mlsci.models.likelihoods.gaussian import Gaussian
from mlsci.models.pca import PCA
from mlsci.models.vae import VAE
from mlsci.nets.binarise import Binarise
from mlsci.nets.cnn import CNN
from mlsci.nets.cnn_decoder import CNNDecoder
from mlsci.nets.condition import Classes
from mlsci.nets.linear import Linear
from mlsci.nets.mlp import MLP
from mlsci.nets.scaling import Standardise

LINEAR = partial(Linear, in_features=1, out_features=1)
SMALL = partial(MLP, in_features=1, out_features=1, hidden=16, layers=1)


def linear_data(rows: int = 400) -> Tensor:
    """Five values that two factors make."""
    draw = torch.Generator().manual_seed(0)
    mixing = torch.randn(2, 5, generator=draw)
    return torch.randn(rows, 2, generator=draw) @ mixing + 0.5 * torch.randn(rows, 5, generator=draw) + 1.0


def linear_vae() -> VAE:
    torch.manual_seed(0)
    return VAE(shape=[5], encoder=LINEAR, decoder=LINEAR, likelihood=Gaussian(std=1.0), latent=2)


def marginal(model: VAE, x: Tensor) -> Tensor:
    """log p(x) of a linear VAE: a normal distribution."""
    weight, bias = model.decoder.net.affine.weight.double(), model.decoder.net.affine.bias.double()
    covariance = weight @ weight.T + model.likelihood.std.double().square() * torch.eye(5)
    return torch.distributions.MultivariateNormal(bias, covariance).log_prob(x.double())


def with_the_true_posterior(model: VAE) -> VAE:
    """The encoder of a linear decoder, with deviations a little too wide."""
    weight, bias = model.decoder.net.affine.weight, model.decoder.net.affine.bias
    with torch.no_grad():
        precision = weight.T @ weight / model.likelihood.std.square() + torch.eye(2)
        inverse = torch.linalg.inv(precision)
        gain = inverse @ weight.T / model.likelihood.std.square()
        affine = model.encoder.net.affine
        affine.weight.copy_(torch.cat((gain, torch.zeros(2, 5))))
        affine.bias.copy_(torch.cat((-gain @ bias, 0.5 * inverse.diag().log() + 0.2)))
    return model


def test_a_linear_vae_reaches_the_likelihood_of_probabilistic_pca() -> None:
    x, y = linear_data(), torch.zeros(400)
    exact = PCA(shape=[5], latent=2)
    exact.fit_at_once(x, y)
    best = float(exact.log_prob(x).mean())
    model = linear_vae()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 300)
    for _ in range(300):
        optimizer.zero_grad()
        model.loss((x, y))[0].backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        reached = float(marginal(model, x).mean())
        elbo = -torch.stack([model.loss((x, y))[0] for _ in range(100)]).mean()
    assert reached <= best + 1e-9
    assert (best - reached) / 5 < 1e-3
    assert (best - float(elbo)) / 5 < 5e-3


def test_importance_sampling_finds_the_marginal_of_a_linear_model() -> None:
    x, y = linear_data(300), torch.zeros(300)
    model = with_the_true_posterior(linear_vae())
    with torch.no_grad():
        found = model.log_prob(x, y, samples=1000)
        assert (found - marginal(model, x)).abs().mean() < 0.03


def test_the_iwae_bound_grows_with_samples_up_to_the_marginal() -> None:
    torch.manual_seed(1)
    x, y = linear_data(300), torch.zeros(300)
    model = linear_vae()
    found = []
    for samples in (1, 5, 50):
        model.bound = IWAE(samples=samples)
        with torch.no_grad():
            found.append(-float(torch.stack([model.loss((x, y))[0] for _ in range(30)]).mean()))
    with torch.no_grad():
        model.bound = ELBO()
        elbo = -float(torch.stack([model.loss((x, y))[0] for _ in range(30)]).mean())
        exact = float(marginal(model, x).mean())
    assert found[0] < found[1] < found[2] < exact + 0.01
    assert abs(found[0] - elbo) < 0.1 * (exact - elbo)


def test_the_doubly_reparametrised_gradient_has_the_same_mean() -> None:
    torch.manual_seed(2)
    x, y = linear_data(50), torch.zeros(50)
    gradients = {}
    for doubly in (False, True):
        model = linear_vae()
        model.bound = IWAE(samples=8, doubly_reparametrised=doubly)
        for _ in range(120):
            model.loss((x, y))[0].backward()
        gradients[doubly] = [p.grad / 120 for p in (model.encoder.net.affine.weight, model.decoder.net.affine.weight)]
    for plain, double in zip(gradients[False], gradients[True], strict=True):
        assert (plain - double).norm() < 0.15 * plain.norm()


def test_the_exact_divergence_is_that_of_torch() -> None:
    from mlsci.models.posterior import Posterior, prior_log_prob

    posterior = Posterior.of(torch.randn(6, 8))
    normal = torch.distributions.Normal(posterior.mean, posterior.log_std.exp())
    unit = torch.distributions.Normal(0.0, 1.0)
    torch.testing.assert_close(posterior.kl(), torch.distributions.kl_divergence(normal, unit).sum(dim=1))
    z = posterior.draw(3)
    torch.testing.assert_close(posterior.log_prob(z), normal.log_prob(z).sum(dim=2))
    torch.testing.assert_close(prior_log_prob(z), unit.log_prob(z).sum(dim=2))


def test_scaled_data_have_the_likelihood_of_physical_ones() -> None:
    x, y = linear_data(50) * torch.tensor([1.0, 10.0, 0.1, 2.0, 3.0]), torch.zeros(50)
    scale = Standardise(mean=x.mean(dim=0), std=x.std(dim=0))
    model = VAE(shape=[5], encoder=LINEAR, decoder=LINEAR, likelihood=Gaussian(std=0.5), latent=2, inputs=scale)
    with_the_true_posterior(model)
    with torch.no_grad():
        found = model.log_prob(x, y, samples=1000)
        expected = marginal(model, scale(x)) - scale.std.double().log().sum()
    assert (found - expected).abs().mean() < 0.03


def pictures_vae(condition: Classes | None = None) -> VAE:
    encoder = partial(CNN, in_shape=(1, 1, 1), out_features=1, channels=[4], norm=False, hidden=8)
    decoder = partial(CNNDecoder, in_features=1, out_shape=(1, 1, 1), width=4, levels=2)
    return VAE(
        shape=[1, 8, 7],
        encoder=encoder,
        decoder=decoder,
        likelihood=Bernoulli(),
        latent=3,
        binarise=Binarise(),
        condition=condition,
    )


def test_pictures_conditions_and_samples() -> None:
    torch.manual_seed(0)
    x, y = torch.rand(6, 1, 8, 7), torch.arange(6) % 3
    model = pictures_vae(Classes(names=["a", "b", "c"]))
    loss, scalars = model.loss((x, y))
    loss.backward()
    assert set(scalars) == {"reconstruction", "kl"}
    assert all(p.grad is not None for p in model.parameters())
    model.eval()
    drawn = model.sample(5, "b")
    assert drawn.shape == (5, 1, 8, 7)
    assert set(drawn.unique().tolist()) <= {0.0, 1.0}
    assert model.sample(4).shape == model.sample(4, [0, 1, 2, 0]).shape == (4, 1, 8, 7)
    with pytest.raises(ConfigError, match="expected a class: a, b, c"):
        model.sample(5, "d")
    with pytest.raises(MlsciError, match="without their conditions"):
        model.predict(x)
    found = model.outcome(torch.utils.data.TensorDataset(x, y))
    assert found["extras"]["interpolation"].shape == (3, 9, 1, 8, 7)
    assert found["extras"]["latent"].shape == (6, 3)


def test_a_score_is_the_same_every_time_and_high_for_what_is_unlike_the_data() -> None:
    torch.manual_seed(0)
    x, y = linear_data(), torch.zeros(400)
    model = linear_vae()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, fused=True)
    for _ in range(150):
        optimizer.zero_grad()
        model.loss((x, y))[0].backward()
        optimizer.step()
    with torch.no_grad():
        score = model.predict(x)
        assert torch.equal(score, model.predict(x))
        assert score.shape == (400, 1)
        assert (score[:, 0] + marginal(model, x)).abs().mean() < 0.2
        assert model.predict(x + 8 * torch.randn_like(x)).median() > score.quantile(0.99)
    with pytest.raises(ConfigError, match="trained without one"):
        model.sample(2, 3)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="latent >= 1"):
        VAE(shape=[5], encoder=SMALL, decoder=SMALL, likelihood=Bernoulli(), latent=0)
    with pytest.raises(ValueError, match="samples"):
        IWAE(samples=0)
    with pytest.raises(ValueError, match="beta"):
        ELBO(beta=-1.0)
    assert math.isclose(VAE(shape=[5], encoder=SMALL, decoder=SMALL, likelihood=Bernoulli()).log_volume, 0.0)
