"""The peak of a curve, and fluctuations beside the sampler's."""

import numpy as np
import pytest

from mlsci.metrics.susceptibility import peak, susceptibility
from mlsci.science.ising.observables import site_magnetisation
from mlsci.science.ising.swendsen_wang import configurations


def test_the_peak_of_a_parabola_is_exact_on_uneven_points():
    x = np.array([0.0, 0.7, 1.0, 1.6, 2.5])
    assert peak(x, 3 - (x - 1.13) ** 2) == pytest.approx(1.13)
    assert peak(x, -x) == 0.0
    assert peak(x, np.ones(5)) == 0.0


def test_the_fluctuations_of_free_spins():
    draw = np.random.default_rng(0)
    m = draw.choice([-1.0, 1.0], size=(2, 4000, 64)).mean(axis=2)
    exact = 1 - 2 / np.pi  # of the modulus of a normal variable of variance 1 / sites
    assert susceptibility(m, np.array([1.0, 2.0]), sites=64) == pytest.approx([exact, exact / 2], rel=0.08)


def test_a_small_lattice_fluctuates_most_a_little_above_the_transition():
    T = np.array([1.8, 2.1, 2.4, 2.7, 3.0])
    spins = configurations(np.repeat(T, 60), side=12, samples=8, equilibration=20, interval=2, seed=0)
    m = site_magnetisation(spins.reshape(5, 480, 12, 12))
    assert 2.2 < peak(T, susceptibility(m, T, sites=144)) < 2.6
