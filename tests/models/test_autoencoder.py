"""Autoencoders and their linear limit, PCA."""

from functools import partial

import pytest
import torch
from sklearn import decomposition

from mlsci.models.autoencoder import Autoencoder
from mlsci.models.pca import PCA
from mlsci.models.sparsity import L1, KLSparsity
from mlsci.nets.augment import GaussianNoise
from mlsci.nets.linear import Linear
from mlsci.nets.scaling import Standardise

LINEAR = partial(Linear, in_features=1, out_features=1)


def data() -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(300, 2, generator=draw) @ torch.randn(2, 6, generator=draw) + 0.3 * torch.randn(
        300, 6, generator=draw
    )


def train(model: Autoencoder, x: torch.Tensor, steps: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.04, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss((x, x))[0].backward()
        optimizer.step()
        schedule.step()


def test_pca_has_the_likelihood_of_scikit_learn() -> None:
    x = data() * 3 + 1
    ours, peer = PCA(shape=[2, 3], latent=2, inputs=Standardise(mean=1.0, std=3.0)), decomposition.PCA(2).fit(x.numpy())
    ours.fit_at_once(x.reshape(-1, 2, 3), x)
    # scikit-learn divides by N - 1
    expected = decomposition.PCA(2, svd_solver="full").fit(x.numpy()).score_samples(x.numpy())
    found = ours.log_prob(x.reshape(-1, 2, 3))
    assert abs(float(found.mean()) - expected.mean()) < 1e-3
    assert (found.numpy() - expected).std() < 0.02
    told = torch.zeros(300, 0)
    back = ours.reconstruct(x.reshape(-1, 2, 3), told).flatten(1)
    assert abs(back.numpy() - peer.inverse_transform(peer.transform(x.numpy()))).max() < 1e-4
    again = PCA(shape=[2, 3], latent=2, inputs=Standardise(mean=1.0, std=3.0))
    again.load_state_dict(ours.state_dict())
    assert torch.equal(again.log_prob(x.reshape(-1, 2, 3)), found)


def test_pca_samples_have_the_covariance_of_its_model() -> None:
    torch.manual_seed(0)
    model = PCA(shape=[6], latent=2)
    model.fit_at_once(data(), data())
    found = torch.cov(model.sample(20000).T)
    assert (found - torch.cov(data().T)).norm() < 0.1 * torch.cov(data().T).norm()


def test_a_linear_autoencoder_finds_what_pca_finds() -> None:
    torch.manual_seed(0)
    x = data()
    exact = PCA(shape=[6], latent=2)
    exact.fit_at_once(x, x)
    told = torch.zeros(300, 0)
    best = float((exact.reconstruct(x, told) - x).square().mean())
    model = Autoencoder(shape=[6], encoder=LINEAR, decoder=LINEAR, latent=2)
    train(model, x, 300)
    error = float(model.predict(x).mean().detach())
    assert best - 1e-6 < error < best * 1.01
    torch.testing.assert_close(model.predict(x)[:, 0], (model.reconstruct(x, told) - x).square().mean(dim=1))


def test_penalties_and_noise_do_what_they_say() -> None:
    torch.manual_seed(0)
    x, active = data(), {}
    for name, options in {
        "plain": {},
        "sparse": {"penalty": L1(weight=0.5)},
        "denoising": {"corrupt": GaussianNoise(std=2.0)},
    }.items():
        model = Autoencoder(shape=[6], encoder=LINEAR, decoder=LINEAR, latent=6, **options)
        train(model, x, 200)
        model.eval()
        active[name] = model.encode(x, torch.zeros(300, 0)).abs().mean()
        if name == "denoising":  # noise in all directions is taken back along the weak ones
            made = model.reconstruct(x, torch.zeros(300, 0))
            weak = torch.linalg.eigh(torch.cov(x.T))[1][:, 0]
            assert (made @ weak).std() < 0.2 * (x @ weak).std()
    assert active["sparse"] < 0.5 * active["plain"]
    assert float(KLSparsity(rho=0.2)(torch.logit(torch.full((5, 3), 0.2)))) == pytest.approx(0, abs=1e-6)
    assert float(KLSparsity(rho=0.2)(torch.zeros(5, 3))) > 0


def test_samples_come_from_the_normal_distribution_of_the_codes() -> None:
    torch.manual_seed(0)
    x = data()
    model = Autoencoder(shape=[6], encoder=LINEAR, decoder=LINEAR, latent=2)
    train(model, x, 300)
    model.eval()
    assert (torch.cov(model.sample(5000).T) - torch.cov(x.T)).norm() < 0.2 * torch.cov(x.T).norm()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Autoencoder(shape=[6], encoder=LINEAR, decoder=LINEAR, latent=0),
        lambda: PCA(shape=[6], latent=6),
        lambda: PCA(shape=[6], latent=2).fit_at_once(torch.zeros(2, 6), torch.zeros(2)),
        lambda: L1(weight=-1.0),
        lambda: KLSparsity(rho=1.0),
    ],
)
def test_nonsense_is_refused(make) -> None:
    with pytest.raises(ValueError, match=r"latent|weight|rho"):
        make()
