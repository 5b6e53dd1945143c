"""Integrators against what is known exactly: harmonic oscillators, conservation laws, thermal equilibrium."""

import math

import pytest
import torch
from torch import Tensor

from mlsci.errors import ConfigError
from mlsci.science.dynamics.langevin import Langevin
from mlsci.science.dynamics.simulation import states
from mlsci.science.dynamics.system import Answer, State, System, begin
from mlsci.science.dynamics.units import ACCELERATION, BOLTZMANN, WAVENUMBER
from mlsci.science.dynamics.velocities import maxwell_boltzmann
from mlsci.science.dynamics.verlet import Verlet

STIFFNESS = 5.0  # eV/Å²


def springs(system: System):
    """Every atom on a spring to the origin."""

    def field(positions: Tensor) -> Answer:
        return Answer(system.total(STIFFNESS / 2 * (positions**2).sum(1)), -STIFFNESS * positions)

    return field


def cluster(positions: Tensor) -> Answer:
    """Four argon-like atoms by Lennard-Jones: ε 0.0104 eV, σ 3.4 Å."""
    first, second = torch.triu_indices(len(positions), len(positions), 1)
    vectors = positions[second] - positions[first]
    sixth = (3.4**2 / (vectors**2).sum(1)) ** 3
    push = (0.0104 * 24 * (2 * sixth**2 - sixth) / (vectors**2).sum(1))[:, None] * vectors
    forces = torch.zeros_like(positions).index_add_(0, second, push).index_add_(0, first, -push)
    return Answer((4 * 0.0104 * (sixth**2 - sixth)).sum()[None], forces)


TETRAHEDRON = torch.tensor([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1.0]], dtype=torch.float64) * 2.7
ARGON = System(masses=torch.full((4,), 39.948), replica=torch.zeros(4, dtype=torch.int64), constrained=3)


def after(start: State, steps: int, **options) -> State:
    """The last state."""
    *_, last = states(start, steps=steps, **options)
    return last


def test_constants_are_those_of_codata():
    units = pytest.importorskip("ase.units")
    assert pytest.approx(units.kB, rel=1e-6) == BOLTZMANN
    assert pytest.approx(units.fs**2, rel=1e-6) == ACCELERATION
    assert pytest.approx(1e15 / (units._c * 100), rel=1e-12) == WAVENUMBER


def test_verlet_converges_to_the_oscillator_with_order_two():
    system = System(masses=torch.tensor([12.0]), replica=torch.tensor([0]))
    omega = math.sqrt(STIFFNESS * ACCELERATION / 12)
    start = torch.tensor([[0.1, 0, 0]], dtype=torch.float64)
    errors = []
    for steps in (50, 100, 200):
        verlet = Verlet(timestep=100 / steps)
        first = begin(start, torch.zeros(1, 3), field=springs(system))
        last = after(first, steps, system=system, integrator=verlet, field=springs(system))
        errors.append(float((last.positions[0, 0] - 0.1 * math.cos(omega * 100)).abs()))
    assert [errors[0] / errors[1], errors[1] / errors[2]] == pytest.approx([4, 4], rel=0.1)


def spread(timestep: float) -> float:
    """Largest error of the total energy of the cluster in 1 ps, eV."""
    velocities = maxwell_boltzmann(ARGON, 20, generator=torch.Generator().manual_seed(1))
    start = begin(TETRAHEDRON, velocities, field=cluster)
    path = states(
        start, steps=round(1000 / timestep), system=ARGON, integrator=Verlet(timestep=timestep), field=cluster
    )
    energy = torch.stack([state.answer.energy + ARGON.kinetic(state.velocities) for state in path])
    return float((energy - energy[0]).abs().max())


def test_verlet_keeps_the_energy_of_a_cluster_with_order_two():
    errors = [spread(timestep) for timestep in (20, 10, 5)]
    assert [errors[0] / errors[1], errors[1] / errors[2]] == pytest.approx([4, 4], rel=0.15)


def test_verlet_runs_backwards_to_where_it_began():
    velocities = maxwell_boltzmann(ARGON, 30, generator=torch.Generator().manual_seed(0))
    start = begin(TETRAHEDRON, velocities, field=cluster)
    options = {"system": ARGON, "integrator": Verlet(timestep=5), "field": cluster}
    there = after(start, 200, **options)
    assert float((there.positions - TETRAHEDRON).abs().max()) > 0.1
    back = after(begin(there.positions, -there.velocities, field=cluster), 200, **options)
    torch.testing.assert_close(back.positions, start.positions, rtol=0, atol=1e-10)
    torch.testing.assert_close(back.velocities, -start.velocities, rtol=0, atol=1e-12)


def test_verlet_keeps_momentum_and_asks_for_forces_once_a_step():
    calls = []

    def counted(positions: Tensor) -> Answer:
        calls.append(1)
        return cluster(positions)

    velocities = maxwell_boltzmann(ARGON, 30, generator=torch.Generator().manual_seed(0))
    last = after(
        begin(TETRAHEDRON, velocities, field=counted), 50, system=ARGON, integrator=Verlet(timestep=5), field=counted
    )
    assert len(calls) == 51
    assert last.step == 50
    assert float((39.948 * last.velocities.sum(0)).abs().max()) < 1e-12


def oscillators(count: int) -> System:
    """As many replicas of two atoms, 1 u and 16 u."""
    return System(masses=torch.tensor([1.0, 16.0]).repeat(count), replica=torch.arange(count).repeat_interleave(2))


@pytest.mark.parametrize("timestep", [0.5, 4.0])
def test_langevin_samples_temperature_and_positions(timestep):
    system = oscillators(400)
    random = torch.Generator().manual_seed(3)
    langevin = Langevin(timestep=timestep, temperature=300, friction=20, generator=random)
    start = torch.randn(800, 3, generator=random, dtype=torch.float64) * math.sqrt(BOLTZMANN * 300 / STIFFNESS)
    velocities = maxwell_boltzmann(system, 300, generator=random, momentum=True)
    field = springs(system)
    squares, heat = [], []
    for state in states(
        begin(start, velocities, field=field), steps=1000, system=system, integrator=langevin, field=field
    ):
        if state.step % 10 == 0:
            squares.append(state.positions.reshape(-1, 6).square())
            heat.append(system.temperature(state.velocities))
    variance = torch.stack(squares).mean(0)  # (replicas, 6)
    expected = BOLTZMANN * 300 / STIFFNESS
    for atom in (variance[:, :3], variance[:, 3:]):
        error = float(atom.mean(1).std() / math.sqrt(400))
        assert float(atom.mean()) == pytest.approx(expected, abs=4 * error)
        assert 4 * error < 0.06 * expected
    if timestep < 1:  # the velocities carry an error of second order, the positions none
        means = torch.stack(heat).mean(0)
        assert float(means.mean()) == pytest.approx(300, abs=4 * float(means.std()) / 20)


def test_langevin_reaches_the_temperature_from_rest_and_repeats_itself():
    system = oscillators(200)
    field = springs(system)
    found = []
    for seed in (5, 5, 6):
        langevin = Langevin(timestep=0.5, temperature=500, friction=50, generator=torch.Generator().manual_seed(seed))
        start = begin(torch.zeros(400, 3), torch.zeros(400, 3), field=field)
        found.append(after(start, 400, system=system, integrator=langevin, field=field))
    heat = system.temperature(found[0].velocities)
    assert float(heat.mean()) == pytest.approx(500, abs=4 * float(heat.std()) / math.sqrt(200))
    assert torch.equal(found[0].positions, found[1].positions)
    assert not torch.equal(found[0].positions, found[2].positions)


def test_several_structures_side_by_side_move_as_they_would_alone():
    system = System(masses=torch.tensor([1.0, 16.0, 4.0]), replica=torch.tensor([0, 0, 1]))
    random = torch.Generator().manual_seed(0)
    positions, velocities = torch.randn(2, 3, 3, generator=random, dtype=torch.float64) * 0.1
    both = after(
        begin(positions, velocities, field=springs(system)),
        20,
        system=system,
        integrator=Verlet(timestep=1),
        field=springs(system),
    )
    alone = System(masses=torch.tensor([4.0]), replica=torch.tensor([0]))
    single = after(
        begin(positions[2:], velocities[2:], field=springs(alone)),
        20,
        system=alone,
        integrator=Verlet(timestep=1),
        field=springs(alone),
    )
    assert torch.equal(both.positions[2:], single.positions)
    assert torch.equal(both.answer.energy[1:], single.answer.energy)


def test_velocities_have_no_momentum_and_the_temperature_of_their_distribution():
    system = oscillators(3000)
    system = System(masses=system.masses, replica=system.replica, constrained=3)
    velocities = maxwell_boltzmann(system, 300, generator=torch.Generator().manual_seed(0))
    assert float(system.total(system.masses[:, None] * velocities).abs().max()) < 1e-12
    heat = system.temperature(velocities)
    assert float(heat.mean()) == pytest.approx(300, abs=4 * float(heat.std()) / math.sqrt(3000))
    exact = maxwell_boltzmann(system, 300, generator=torch.Generator().manual_seed(0), exact=True)
    torch.testing.assert_close(system.temperature(exact), torch.full((3000,), 300.0, dtype=torch.float64))
    assert float(maxwell_boltzmann(system, 0, generator=torch.Generator(), exact=True).abs().max()) == 0


def langevin(*, temperature: float = 300, friction: float = 1) -> Langevin:
    """A thermostat with a step of 1 fs."""
    return Langevin(timestep=1, temperature=temperature, friction=friction, generator=torch.Generator())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Verlet(timestep=0), "timestep: expected a time above 0 fs, got 0"),
        (lambda: Verlet(timestep=math.nan), "timestep: expected a time above 0 fs, got nan"),
        (
            lambda: Langevin(timestep=1, temperature=-1, friction=1, generator=torch.Generator()),
            "temperature: expected",
        ),
        (lambda: Langevin(timestep=1, temperature=1, friction=0, generator=torch.Generator()), "friction: expected"),
        (lambda: System(masses=torch.ones(2), replica=torch.zeros(3, dtype=torch.int64)), "masses: expected"),
        (lambda: System(masses=torch.zeros(1), replica=torch.zeros(1, dtype=torch.int64)), "above 0 u"),
        (lambda: maxwell_boltzmann(ARGON, -5, generator=torch.Generator()), "temperature: expected at least 0 K"),
        (lambda: next(states(None, steps=-1, system=ARGON, integrator=None, field=cluster)), "steps: expected"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_a_single_atom_cannot_lose_its_momentum():
    alone = System(masses=torch.ones(1), replica=torch.zeros(1, dtype=torch.int64))
    with pytest.raises(ConfigError, match="one atom"):
        maxwell_boltzmann(alone, 300, generator=torch.Generator())
    assert maxwell_boltzmann(alone, 300, generator=torch.Generator(), momentum=True).shape == (1, 3)
