"""The sampler against all 65,536 states of a small lattice, and against Onsager and Yang on a large one."""

import numpy as np
import pytest

from mlsci.science.ising.observables import binder_cumulant, crossing, site_energy, site_magnetisation
from mlsci.science.ising.onsager import energy, magnetisation
from mlsci.science.ising.swendsen_wang import configurations, sweep


def every_state(side: int) -> np.ndarray:
    """All 2^(side²) lattices."""
    bits = np.arange(2 ** (side * side))[:, None] >> np.arange(side * side) & 1
    return (2 * bits - 1).astype(np.int8).reshape(-1, side, side)


@pytest.mark.parametrize("temperature", [1.8, 2.3, 3.5])
def test_it_samples_boltzmanns_distribution(temperature: float) -> None:
    states = every_state(4)
    weight = np.exp(-16 * (site_energy(states) + 2) / temperature)
    weight /= weight.sum()
    exact = [weight @ site_energy(states), weight @ site_magnetisation(states) ** 2]
    spins = configurations(np.full(500, temperature), side=4, samples=16, equilibration=15, interval=2, seed=1)
    for value, measured in zip(exact, (site_energy(spins), site_magnetisation(spins) ** 2), strict=True):
        chains = measured.mean(axis=1)
        assert abs(chains.mean() - value) < 4 * chains.std() / np.sqrt(len(chains))
        assert chains.std() / np.sqrt(len(chains)) < 0.02 * abs(value)


@pytest.mark.parametrize("temperature", [1.5, 2.0, 3.0])
def test_it_agrees_with_the_infinite_lattice_away_from_the_transition(temperature: float) -> None:
    spins = configurations(np.full(40, temperature), side=36, samples=5, equilibration=12, interval=3, seed=2)
    values = [(float(energy(temperature)), site_energy(spins))]
    if temperature < 2.2:
        values.append((float(magnetisation(temperature)), np.abs(site_magnetisation(spins))))
    for exact, measured in values:
        chains = measured.mean(axis=1)
        error = chains.std() / np.sqrt(len(chains))
        assert abs(chains.mean() - exact) < 3.5 * error
        assert error < 5e-3 * abs(exact)


def test_every_chain_has_its_own_temperature_and_they_share_nothing() -> None:
    temperatures = np.array([0.2, 100.0, 0.2, 100.0])
    spins = configurations(temperatures, side=16, samples=3, equilibration=4, interval=1, seed=3)
    assert spins.shape == (4, 3, 16, 16)
    np.testing.assert_array_equal(site_energy(spins)[[0, 2]], -2)
    assert np.abs(site_energy(spins)[[1, 3]]).max() < 0.3
    assert not np.array_equal(spins[1], spins[3])
    again = configurations(temperatures, side=16, samples=3, equilibration=4, interval=1, seed=3)
    np.testing.assert_array_equal(again, spins)


def test_clusters_cross_the_border_and_are_flipped_whole() -> None:
    spins = np.ones((1, 6, 6), dtype=np.int8)
    spins[:, 2:4] = -1  # two stripes; the one of ups is joined over the border
    draw = np.random.default_rng(0)
    seen = {sweep(spins, temperatures=[1e-3], draw=draw)[0].tobytes() for _ in range(40)}
    stripe = spins[0]
    assert seen == {lattice.tobytes() for lattice in (stripe, -stripe, stripe * stripe, -stripe * stripe)}


def test_the_cumulant_knows_both_phases_and_curves_cross_where_they_do() -> None:
    draw = np.random.default_rng(0)
    signs = np.array([1.0, -1.0]).repeat(500)
    np.testing.assert_allclose(binder_cumulant(np.stack([0.9 * signs, -0.2 * signs])), 2 / 3)
    assert abs(binder_cumulant(draw.normal(size=100_000))) < 0.02
    x = np.linspace(2.2, 2.4, 5)
    assert crossing(x, -(x - 2.27), -3 * (x - 2.27)) == pytest.approx(2.27)
    with pytest.raises(ValueError, match=r"do not cross between 2\.2 and 2\.4"):
        crossing(x, x, x + 1)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"side": 2}, {"temperatures": [1.0, -1.0]}])
def test_nonsense_is_refused(wrong: dict) -> None:
    settings = {"temperatures": [1.0], "side": 8, "samples": 1, "equilibration": 1, "interval": 1, "seed": 0}
    with pytest.raises(ValueError, match="must be at least 1"):
        configurations(**(settings | wrong))
