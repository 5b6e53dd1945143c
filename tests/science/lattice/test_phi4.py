"""φ⁴ theory beside the free field and beside integrals over single sites."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate

from mlsci.errors import ConfigError
from mlsci.science.lattice.action import Phi4Action
from mlsci.science.lattice.log_z import ThermodynamicIntegration
from mlsci.science.lattice.phi4 import Phi4, free_log_z, inverse_propagator
from mlsci.science.markov.hmc import HMC


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_action_is_that_of_the_sum_over_sites():
    action = Phi4Action()
    phi = torch.randn(2, 1, 4, 4, generator=generator(), dtype=torch.float64)
    expected = []
    for field in phi[:, 0].numpy():
        total = 0.0
        for i in range(4):
            for j in range(4):
                around = field[(i + 1) % 4, j] + field[i - 1, j] + field[i, (j + 1) % 4] + field[i, j - 1]
                total += field[i, j] * (4 * field[i, j] - around) - 4 * field[i, j] ** 2 + 8 * field[i, j] ** 4
        expected.append(total)
    np.testing.assert_allclose(action(phi), expected)
    torch.testing.assert_close(action(-phi), action(phi))


def test_the_force_is_the_gradient():
    coupling = torch.tensor([0.0, 8.0, 1.0], dtype=torch.float64)[:, None, None, None]
    action = Phi4Action(mass_squared=-4.0, coupling=coupling)
    phi = torch.randn(3, 1, 4, 4, generator=generator(), dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(action(phi).sum(), phi)
    torch.testing.assert_close(action.force(phi), gradient)


def test_the_free_field_has_the_exact_propagator():
    theory = Phi4(side=4, mass_squared=1.0, coupling=0.0, hmc=HMC(step=0.15, leaps=8, burn_in=80, every=3))
    phi, mean = theory.sample(8000, draw=generator())
    power = torch.fft.fft2(phi[:, 0]).abs().square()
    z = (power.mean(dim=0) - 8 / inverse_propagator(4, 1.0)) / (power.std(dim=0) / math.sqrt(8000))
    assert float(z.abs().max()) < 5  # states of a chain are correlated a little
    torch.testing.assert_close(mean, phi.flatten(1).mean(dim=1, keepdim=True))


def test_the_free_partition_function_is_that_of_a_gaussian_integral():
    identity = torch.eye(9, dtype=torch.float64).reshape(9, 1, 3, 3)
    K = Phi4Action(mass_squared=0.7, coupling=0.0).force(identity).reshape(9, 9) / 2
    assert free_log_z(3, 0.7) == pytest.approx(9 / 2 * math.log(math.pi) - float(torch.logdet(K)) / 2)


def test_log_z_of_one_site_is_an_integral():
    exact = math.log(integrate.quad(lambda x: math.exp(4 * x**2 - 8 * x**4), -3, 3)[0])
    found = ThermodynamicIntegration(chains=100, states=100, hmc=HMC(step=0.2, leaps=4, burn_in=30))(Phi4(side=1))
    assert found.stderr < 0.01
    assert abs(found.value - exact) < 4 * found.stderr


def test_log_z_of_two_by_two_sites_is_an_integral():
    """Site by site: the four sites of the torus make a ring with doubled bonds, a transfer matrix on a grid."""
    line = np.linspace(-1.6, 1.6, 161)
    own = -4 * line**2 + 8 * line**4
    bond = np.exp(-2 * (line[:, None] - line) ** 2 - (own[:, None] + own) / 2) * (line[1] - line[0])
    exact = math.log(np.trace(np.linalg.matrix_power(bond, 4)))
    found = ThermodynamicIntegration(chains=64, states=80, hmc=HMC(step=0.12, leaps=6, burn_in=40))(Phi4(side=2))
    assert found.stderr < 0.02
    assert abs(found.value - exact) < 4 * found.stderr


def test_from_the_free_field_to_the_same_free_field_is_no_way():
    free = Phi4(side=3, mass_squared=2.0, coupling=0.0)
    found = ThermodynamicIntegration(nodes=2, chains=2, states=2, hmc=HMC(burn_in=1))(free)
    assert found.value == pytest.approx(free_log_z(3, 2.0))


def test_an_action_without_a_lower_bound_is_refused():
    with pytest.raises(ConfigError, match=r"mass_squared > 0 where it is 0; got side 8, chains 500, coupling 0"):
        Phi4(coupling=0, mass_squared=-1.0)
