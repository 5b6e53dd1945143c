"""Flow matching and diffusion of Gaussian data, where velocity, denoiser, samples and likelihood are known."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from mlsci.models.diffusion import Diffusion
from mlsci.models.flow_matching import FlowMatching
from mlsci.models.integrators import RK4, Euler, Heun
from mlsci.models.ode_likelihood import ExactTrace, Hutchinson
from mlsci.models.pairing import OptimalTransport
from mlsci.nets.condition import Classes
from mlsci.nets.film_mlp import FiLMMLP
from mlsci.nets.film_unet import FiLMUNet
from mlsci.nets.scaling import Standardise

NET = partial(FiLMMLP, in_features=1, out_features=1, hidden=32, layers=1)
MEAN, STD = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 2.0])
NORMAL = torch.distributions.Normal(MEAN, STD)


def exact_velocity(x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
    """E[x1 - x0 | x_t = x] for x1 ~ N(mean, std²)."""
    t = t[:, None]
    variance = (1 - t).square() + (t * STD).square()
    return MEAN + (t * STD.square() - (1 - t)) / variance * (x - t * MEAN)


def exact_denoiser(x: Tensor, sigma: Tensor, condition: Tensor) -> Tensor:
    """E[data | data + σ n = x]."""
    return MEAN + STD.square() / (STD.square() + sigma[:, None].square()) * (x - MEAN)


class ExactFlow(FlowMatching):
    """Flow matching that knows the answer."""

    def velocity(self, x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        return exact_velocity(x, t, condition)


class ExactDiffusion(Diffusion):
    """Diffusion that knows the answer."""

    def denoise(self, x: Tensor, sigma: Tensor, condition: Tensor) -> Tensor:
        return exact_denoiser(x, sigma, condition)


EXACT = [
    ExactFlow(shape=[2], net=NET),
    ExactFlow(shape=[2], net=NET, sampler=RK4(steps=8)),
    ExactDiffusion(shape=[2], net=NET, sigma_max=500.0),
    ExactDiffusion(shape=[2], net=NET, sigma_max=500.0, sigma_data=2.0, rho=None, sampler=RK4(steps=12)),
]


@pytest.mark.parametrize("model", EXACT)
@pytest.mark.parametrize("divergence", [ExactTrace(), Hutchinson(samples=2)])
def test_samples_and_likelihood_of_the_exact_answer_are_exact(model, divergence) -> None:
    torch.manual_seed(0)
    samples = model.sample(8000)
    assert (samples.mean(dim=0) - MEAN).abs().max() < 0.1
    assert (samples.std(dim=0) / STD - 1).abs().max() < 0.04
    x = NORMAL.sample((50,))
    model.divergence = divergence
    found = model.log_prob(x, torch.zeros(50, 0), steps=150)
    assert (found - NORMAL.log_prob(x).sum(dim=1)).abs().max() < 0.03  # the Jacobian is diagonal: no noise of signs


@pytest.mark.parametrize(("integrator", "order"), [(Euler, 1), (Heun, 2), (RK4, 4)])
def test_errors_fall_with_the_order_of_the_steps(integrator, order: int) -> None:
    x, exact = torch.ones(1, 1, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64).exp()
    errors = []
    for steps in (20, 40):
        times = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
        errors.append(float((integrator(steps=steps)(lambda x, t: x, x, times) - exact).abs()))
    assert errors[0] / errors[1] == pytest.approx(2**order, rel=0.1)
    with pytest.raises(ValueError, match="steps"):
        integrator(steps=0)


def test_the_last_step_asks_nothing_at_an_open_end() -> None:
    asked = []

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        asked.append(float(t))
        return x

    Heun(steps=2)(velocity, torch.ones(1, 1), torch.tensor([2.0, 1.0, 0.0]), open_end=True)
    assert asked == [2.0, 1.0, 1.0]
    asked.clear()
    RK4(steps=2)(velocity, torch.ones(1, 1), torch.tensor([2.0, 1.0, 0.0]), open_end=True)
    assert asked == [2.0, 1.5, 1.5, 1.0, 1.0]


def test_equal_steps_on_straight_ways_keep_the_variance_of_gaussian_modes() -> None:
    """What docs/generative.md tells: modes of variance 0.05 to 28, started at one deviation of the noise."""
    variance = torch.tensor([0.05, 0.3, 1.0, 12.0, 28.0], dtype=torch.float64)
    times = torch.linspace(0, 1, 9, dtype=torch.float64)

    def straight(x: Tensor, t: Tensor) -> Tensor:
        return x * (t * variance - (1 - t)) / ((1 - t) ** 2 + t**2 * variance)

    kept = RK4(steps=8)(straight, torch.ones(5, dtype=torch.float64), times).square() / variance
    assert (kept - 1).abs().max() < 1e-3
    levels = torch.cat((Diffusion(shape=[2], net=NET).levels(20, device=torch.device("cpu")), torch.zeros(1))).double()
    start = levels[0] * torch.ones(5, dtype=torch.float64)
    edm = Heun(steps=20)(lambda x, s: x * s / (variance + s**2), start, levels, open_end=True).square() / variance
    assert 0.03 < (edm - 1).min() < (edm - 1).max() < 0.12


def trained(model, *, steps: int = 200):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        x = NORMAL.sample((128,))
        optimizer.zero_grad()
        model.loss((x, x))[0].backward()
        optimizer.step()
        schedule.step()
    return model


def test_flow_matching_learns_the_velocity_of_a_gaussian() -> None:
    torch.manual_seed(0)
    model = trained(FlowMatching(shape=[2], net=NET))
    t, none = torch.rand(2000), torch.zeros(2000, 0)
    x = torch.lerp(torch.randn(2000, 2), NORMAL.sample((2000,)), t[:, None])
    with torch.no_grad():
        error = (model.velocity(x, t, none) - exact_velocity(x, t, none)).square().mean()
        assert error < 0.1 * exact_velocity(x, t, none).square().mean()
        samples = model.sample(2000)
    assert (samples.mean(dim=0) - MEAN).abs().max() < 0.2
    assert (samples.std(dim=0) / STD - 1).abs().max() < 0.1


def test_diffusion_learns_the_denoiser_of_a_gaussian() -> None:
    torch.manual_seed(0)
    model = trained(Diffusion(shape=[2], net=NET, sigma_max=20.0))
    sigma, none = (torch.randn(2000) - 1.2).exp(), torch.zeros(2000, 0)
    x = NORMAL.sample((2000,)) + sigma[:, None] * torch.randn(2000, 2)
    with torch.no_grad():
        error = (model.denoise(x, sigma, none) - exact_denoiser(x, sigma, none)) / sigma[:, None]
        assert error.square().mean() < 0.1
        samples = model.sample(2000)
    assert (samples.std(dim=0) / STD - 1).abs().max() < 0.15


def test_before_training_it_is_the_denoiser_of_gaussian_data_of_the_stated_width() -> None:
    net = partial(FiLMUNet, in_shape=(1, 1, 1), out_shape=(1, 1, 1), width=4, levels=2)
    model = Diffusion(shape=[1, 6, 5], net=net, sigma_data=0.7)
    x, sigma = torch.randn(4, 1, 6, 5), torch.tensor([0.01, 0.3, 2.0, 50.0])
    expected = x * (0.49 / (0.49 + sigma.square())).reshape(-1, 1, 1, 1)
    torch.testing.assert_close(model.denoise(x, sigma, torch.zeros(4, 0)), expected)


def test_scaled_data_have_the_likelihood_of_physical_ones() -> None:
    class Standard(FlowMatching):
        """The exact velocity of N(0, 1)."""

        def velocity(self, x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
            t = t[:, None]
            return (2 * t - 1) / ((1 - t).square() + t.square()) * x

    model = Standard(shape=[2], net=NET, inputs=Standardise(mean=MEAN, std=STD))
    x = NORMAL.sample((20,))
    found = model.log_prob(x, torch.zeros(20, 0), steps=100)
    torch.testing.assert_close(found, NORMAL.log_prob(x).sum(dim=1), atol=0.01, rtol=0)


def test_pairs_of_least_cost() -> None:
    data, noise = torch.tensor([[0.0], [10.0], [20.0]]), torch.tensor([[21.0], [1.0], [9.0]])
    assert OptimalTransport()(noise, data).flatten().tolist() == [1.0, 9.0, 21.0]


@pytest.mark.parametrize("kind", [FlowMatching, Diffusion])
def test_conditions_reach_the_net_and_every_parameter_learns(kind) -> None:
    torch.manual_seed(0)
    net = partial(FiLMUNet, in_shape=(1, 1, 1), out_shape=(1, 1, 1), width=4, levels=2, periodic=True)
    model = kind(shape=[1, 6, 5], net=net, condition=Classes(names=["a", "b"]))
    for parameter in model.net.net.head[2].parameters():
        nn.init.normal_(parameter)
    for module in model.modules():
        if type(module).__name__ == "FiLM":
            nn.init.normal_(module.affine.weight)
    x, y = torch.randn(8, 1, 6, 5), torch.arange(8) % 2
    model.loss((x, y))[0].backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())
    with torch.no_grad():
        torch.manual_seed(1)
        first = model.sample(3, "a")
        torch.manual_seed(1)
        assert not torch.equal(first, model.sample(3, "b"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: FlowMatching(shape=[2], net=NET, likelihood_steps=-1),
        lambda: Diffusion(shape=[2], net=NET, sigma_min=1.0, sigma_max=0.5),
        lambda: Hutchinson(samples=0),
    ],
)
def test_nonsense_is_refused(make) -> None:
    with pytest.raises(ValueError, match=r"steps|sigma|samples"):
        make()
