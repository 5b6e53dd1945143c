"""The threshold of the energy: no threshold has fewer errors."""

import numpy as np
import pytest

from mlsci.errors import ConfigError
from mlsci.models.energy_threshold import EnergyThreshold
from mlsci.science.ising.observables import site_energy


def test_no_other_threshold_makes_fewer_errors() -> None:
    draw = np.random.default_rng(0)
    share = draw.uniform(0.0, 0.5, size=(300, 1, 1))
    spins = np.where(draw.random((300, 6, 6)) < share, -1.0, 1.0)
    phases = (share[:, 0, 0] + 0.08 * draw.normal(size=300) > 0.2).astype(np.int64)
    found = EnergyThreshold().fit(spins.reshape(300, 36), phases)
    errors = (found.predict(spins.reshape(300, 36)) != phases).sum()
    energies = site_energy(spins)
    assert errors == min(((energies > edge) != phases).sum() for edge in np.linspace(-2.5, 2.5, 2001))
    assert 0 < errors < 60


def test_one_phase_alone_and_other_shapes() -> None:
    lattices = np.ones((4, 9))
    assert EnergyThreshold().fit(lattices, np.zeros(4, dtype=int)).predict(lattices).tolist() == [0] * 4
    with pytest.raises(ConfigError, match=r"expected square lattices \(N, L²\), got \(4, 8\)"):
        EnergyThreshold().fit(np.ones((4, 8)), np.zeros(4, dtype=int))
