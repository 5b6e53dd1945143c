"""Likelihoods against distributions of torch and sums over all values."""

import pytest
import torch

from mlsci.models.likelihoods.bernoulli import Bernoulli
from mlsci.models.likelihoods.discretised_logistic import DiscretisedLogistic
from mlsci.models.likelihoods.gaussian import Gaussian


def test_bernoulli_is_that_of_torch() -> None:
    outputs, x = torch.randn(3, 4, 2, 5), torch.randint(0, 2, (4, 2, 5)).float()
    expected = torch.distributions.Bernoulli(logits=outputs).log_prob(x.expand_as(outputs)).sum(dim=(2, 3))
    torch.testing.assert_close(Bernoulli().log_prob(outputs, x), expected)


@pytest.mark.parametrize("shape", [(), (2, 5)])
def test_gaussian_is_that_of_torch(shape: tuple[int, ...]) -> None:
    likelihood = Gaussian(std=0.7, shape=shape)
    outputs, x = torch.randn(3, 4, 2, 5), torch.randn(4, 2, 5)
    expected = torch.distributions.Normal(outputs, 0.7).log_prob(x).sum(dim=(2, 3))
    torch.testing.assert_close(likelihood.log_prob(outputs, x), expected)


@pytest.mark.parametrize("scale", [1e-4, 0.02, 0.5, 30.0])
@pytest.mark.parametrize("location", [-0.8, 0.0, 0.31, 1.0, 1.9])
def test_the_masses_of_all_levels_sum_to_one(scale: float, location: float) -> None:
    likelihood = DiscretisedLogistic(levels=16, scale=scale).double()
    levels = torch.linspace(0, 1, 16, dtype=torch.float64)[:, None]
    masses = likelihood.log_prob(torch.full_like(levels, location), levels).detach().exp()
    assert abs(float(masses.sum()) - 1) < 1e-9


def test_a_level_far_out_keeps_its_logarithm_and_gradient() -> None:
    likelihood = DiscretisedLogistic(levels=256, scale=0.003)
    location = torch.tensor([[0.0]], requires_grad=True)
    found = likelihood.log_prob(location, torch.tensor([[0.8]]))
    # far out the mass is e^(-distance / s) 2 sinh(half a bin / s)
    expected = -0.8 / 0.003 + torch.log(2 * torch.tensor(likelihood.width / 2 / 0.003).sinh())
    assert abs(float(found.detach() - expected)) < 1e-3
    found.sum().backward()
    assert location.grad is not None
    assert abs(float(location.grad) - 1 / 0.003) < 1


def test_samples_lie_on_levels_and_have_the_right_moments() -> None:
    torch.manual_seed(0)
    likelihood = DiscretisedLogistic(levels=256, scale=0.02)
    x = likelihood.sample(torch.full((20000, 1), 0.5)).detach()
    assert (x * 255 - (x * 255).round()).abs().max() < 1e-3
    assert abs(float(x.mean()) - 0.5) < 0.002
    assert abs(float(x.std()) - 0.02 * torch.pi / 3**0.5) < 0.002


@pytest.mark.parametrize(
    "make",
    [
        lambda: Gaussian(std=0.0),
        lambda: DiscretisedLogistic(levels=1),
        lambda: DiscretisedLogistic(low=1.0, high=0.0),
        lambda: DiscretisedLogistic(scale=0.0),
    ],
)
def test_nonsense_is_refused(make) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()
