import numpy as np
import pytest
import torch

from mlsci.errors import ConfigError
from mlsci.science.atoms.named import named
from mlsci.science.atoms.xtb import label, relaxed
from mlsci.science.atoms.xtb_md import Sampling, Teacher, sample, single
from mlsci.science.dynamics.simulation import states
from mlsci.science.dynamics.system import begin
from mlsci.science.dynamics.velocities import maxwell_boltzmann
from mlsci.science.dynamics.verlet import Verlet


@pytest.fixture(autouse=True)
def _tblite():
    pytest.importorskip("tblite.interface")


SHORT = Sampling(temperature=300.0, frames=4, interval=5.0, equilibration=10.0)


def test_frames_are_labelled_and_a_function_of_the_seed():
    heard: list[int] = []
    frames = sample(named("water"), SHORT, seed=1, tick=heard.append)
    again, other = sample(named("water"), SHORT, seed=1), sample(named("water"), SHORT, seed=2)
    assert heard == [1, 2, 3, 4]
    for frame, same, different, afresh in zip(frames, again, other, label(frames), strict=True):
        assert np.array_equal(frame.positions, same.positions)
        assert frame.energy == same.energy
        assert not np.allclose(frame.positions, different.positions, atol=1e-3)
        assert frame.energy == pytest.approx(afresh.energy, abs=1e-6)
        np.testing.assert_allclose(frame.forces, afresh.forces, atol=2e-4)
        np.testing.assert_allclose(frame.positions.mean(axis=0), 0, atol=1e-12)


def test_the_potential_energy_is_that_of_its_temperature():
    long = Sampling(temperature=200.0, frames=400, interval=4.0, friction=50.0, equilibration=200.0)
    water = named("water")
    energies = np.array([frame.energy for frame in sample(water, long, seed=0)])
    thermal = energies.mean() - relaxed(water).energy
    assert thermal == pytest.approx(1.5 * 8.617e-5 * 200.0, rel=0.35)  # three harmonic vibrations


def test_energy_is_conserved_on_the_teachers_surface():
    molecule = named("water")
    system, teacher = single(molecule), Teacher(molecule)
    velocities = maxwell_boltzmann(system, 600.0, generator=torch.Generator().manual_seed(0), exact=True)
    start = begin(torch.as_tensor(molecule.positions), velocities, field=teacher)
    total = [
        float(state.answer.energy + system.kinetic(state.velocities))
        for state in states(start, system=system, integrator=Verlet(timestep=0.25), field=teacher, steps=200)
    ]
    assert max(total) - min(total) < 1e-3
    assert teacher(start.positions).shortest == pytest.approx(0.97, abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "temperature: expected a number above 0, got 0"),
        ({"frames": 0}, "frames: expected a number above 0, got 0"),
        ({"interval": 0.5}, r"interval: expected at least one time step of 1\.0 fs, got 0\.5"),
    ],
)
def test_impossible_samplings_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        Sampling(**options)
