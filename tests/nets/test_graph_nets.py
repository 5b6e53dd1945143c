"""What every net of a potential promises, in float64: the symmetries of an energy, and that it ends smoothly.

A net joins by a line in NETS: a function of species, cutoff and neighbours.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from mlsci.nets.egnn import EGNNPotential
from mlsci.nets.equivariant.net import Equivariant
from mlsci.nets.schnet import SchNet

Build = Callable[..., nn.Module]

CUTOFF = 3.0
TINY = 1e-10  # relative to energies of order one
NETS: dict[str, Build] = {
    "schnet": SchNet,
    "schnet, small": lambda **about: SchNet(**about, hidden=8, layers=1, basis=5),
    "egnn": EGNNPotential,
    "egnn, small": lambda **about: EGNNPotential(**about, hidden=8, layers=2, basis=3),
    "equivariant": lambda **about: Equivariant(**about, channels=8, radial=(16,)),
    "equivariant, degree 3": lambda **about: Equivariant(**about, channels=4, l_max=3, l_hidden=2, order=2, radial=()),
    "equivariant, gated": lambda **about: Equivariant(
        **about, channels=4, l_hidden=2, order=1, layers=3, gate=True, radial=(16,)
    ),
}


@pytest.fixture(params=NETS.values(), ids=NETS.keys())
def net(request: pytest.FixtureRequest) -> nn.Module:
    """A net with random weights: none may be so small that a symmetry is not put to the test."""
    torch.manual_seed(1)
    built = request.param(species=3, cutoff=CUTOFF, neighbours=5.0).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return built


def molecule(atoms: int = 9) -> tuple[Tensor, Tensor]:
    """Species (N,) and positions (N, 3) without symmetry, with pairs within the cutoff and beyond it."""
    generator = torch.Generator().manual_seed(3)
    corners = torch.cartesian_prod(*[torch.arange(3.0, dtype=torch.float64)] * 3)[:atoms]
    positions = 1.4 * corners + 0.5 * torch.rand(atoms, 3, generator=generator, dtype=torch.float64)
    return torch.randint(3, (atoms,), generator=generator), positions


def pairs(positions: Tensor, cutoff: float = CUTOFF) -> Tensor:
    """Each pair within the cutoff once, (2, P)."""
    first, second = torch.triu_indices(len(positions), len(positions), offset=1).unbind()
    near = (positions[second] - positions[first]).norm(dim=1) < cutoff
    return torch.stack([first[near], second[near]])


def energies(net: nn.Module, species: Tensor, positions: Tensor) -> Tensor:
    """Energies (N,) of the atoms of an open structure."""
    pair_index = pairs(positions)
    return net(species, pair_index, positions[pair_index[1]] - positions[pair_index[0]])


def forces(net: nn.Module, species: Tensor, positions: Tensor) -> Tensor:
    """Forces (N, 3)."""
    positions = positions.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(energies(net, species, positions).sum(), positions)
    return -gradient


def rotation(seed: int) -> Tensor:
    """A random proper rotation (3, 3)."""
    generator = torch.Generator().manual_seed(seed)
    q, r = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64))
    q = q * r.diagonal().sign()
    return q * q.det()


def assert_equal(found: Tensor, expected: Tensor, tolerance: float = TINY) -> None:
    scale = max(float(expected.detach().abs().max()), 1.0)
    assert float((found - expected).detach().abs().max()) < tolerance * scale


def test_an_energy_an_atom_in_the_type_of_the_weights(net: nn.Module) -> None:
    species, positions = molecule()
    found = energies(net, species, positions)
    assert found.shape == (9,)
    assert found.dtype == torch.float64
    single = energies(net.float(), species, positions.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), found, rtol=1e-3, atol=1e-4)


def test_all_atoms_and_species_matter(net: nn.Module) -> None:
    species, positions = molecule()
    assert (forces(net, species, positions).norm(dim=1) > 1e-4).all()
    other = energies(net, (species + 1) % 3, positions)
    assert (other - energies(net, species, positions)).abs().min() > 1e-6


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["rotation", "rotation and inversion"])
def test_turning_changes_no_energy_and_turns_the_forces(net: nn.Module, seed: int, sign: float) -> None:
    species, positions = molecule()
    turn = sign * rotation(seed)
    assert_equal(energies(net, species, positions @ turn.T), energies(net, species, positions))
    assert_equal(forces(net, species, positions @ turn.T), forces(net, species, positions) @ turn.T)


def test_moving_everything_changes_nothing(net: nn.Module) -> None:
    species, positions = molecule()
    away = torch.tensor([7.0, -3.0, 0.5], dtype=torch.float64)
    assert_equal(energies(net, species, positions + away), energies(net, species, positions))
    assert_equal(forces(net, species, positions + away), forces(net, species, positions))


def test_forces_sum_to_zero_and_turn_nothing(net: nn.Module) -> None:
    species, positions = molecule()
    force = forces(net, species, positions)
    assert_equal(force.sum(dim=0), torch.zeros(3, dtype=torch.float64))
    assert_equal(torch.linalg.cross(positions, force).sum(dim=0), torch.zeros(3, dtype=torch.float64))


def test_the_order_of_atoms_does_not_matter(net: nn.Module) -> None:
    species, positions = molecule()
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    assert_equal(energies(net, species[order], positions[order]), energies(net, species, positions)[order])
    assert_equal(forces(net, species[order], positions[order]), forces(net, species, positions)[order])


def test_the_order_of_pairs_and_of_their_atoms_does_not_matter(net: nn.Module) -> None:
    species, positions = molecule()
    pair_index = pairs(positions)
    vectors = positions[pair_index[1]] - positions[pair_index[0]]
    expected = net(species, pair_index, vectors)
    order = torch.randperm(len(vectors), generator=torch.Generator().manual_seed(0))
    assert_equal(net(species, pair_index[:, order], vectors[order]), expected)
    swapped = torch.arange(len(vectors)) % 2 == 0
    mixed = torch.where(swapped, pair_index.flip(0), pair_index)
    assert_equal(net(species, mixed, torch.where(swapped[:, None], -vectors, vectors)), expected)


def test_two_copies_have_twice_the_energy(net: nn.Module) -> None:
    species, positions = molecule()
    far = torch.tensor([50.0, 0.0, 0.0], dtype=torch.float64)
    one = energies(net, species, positions)
    assert_equal(energies(net, species.repeat(2), torch.cat([positions, positions + far])), one.repeat(2))


def test_atoms_without_neighbours_have_an_energy(net: nn.Module) -> None:
    species = torch.tensor([0, 1, 2, 0])
    vectors = torch.zeros(0, 3, dtype=torch.float64, requires_grad=True)
    found = net(species, torch.zeros(2, 0, dtype=torch.int64), vectors)
    assert found.shape == (4,)
    assert torch.isfinite(found).all()
    assert_equal(found[3], found[0])
    positions = 100.0 * torch.arange(12.0, dtype=torch.float64).reshape(4, 3)
    assert_equal(found, energies(net, species, positions))


def test_forces_are_the_slope_of_the_energy(net: nn.Module) -> None:
    species, positions = molecule()
    direction = torch.randn(9, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    step = 1e-5
    ahead, behind = (energies(net, species, positions + sign * step * direction).sum() for sign in (1, -1))
    slope = (forces(net, species, positions) * -direction).sum()
    torch.testing.assert_close((ahead - behind) / (2 * step), slope, rtol=1e-6, atol=1e-8)


def leaving(net: nn.Module, distance: float) -> tuple[Tensor, Tensor, Tensor]:
    """Energy of a pair in the company of a third atom that one of its atoms leaves, and two derivatives by distance."""
    r = torch.tensor(distance, dtype=torch.float64, requires_grad=True)
    along = torch.tensor([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0]], dtype=torch.float64)
    vectors = torch.stack([r * along[0], 1.1 * along[1]])
    energy = net(torch.tensor([0, 1, 2]), torch.tensor([[0, 0], [1, 2]]), vectors).sum()
    (slope,) = torch.autograd.grad(energy, r, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, r)
    return energy.detach(), slope.detach(), curvature


def test_a_pair_leaves_with_value_slope_and_curvature(net: nn.Module) -> None:
    energy, slope, curvature = leaving(net, CUTOFF * (1 - 1e-9))
    without = net(torch.tensor([0, 1, 2]), torch.tensor([[0], [2]]), torch.tensor([[0, 1.1, 0]], dtype=torch.float64))
    assert_equal(energy, without.sum(), 1e-12)
    assert abs(float(slope)) < 1e-10
    assert abs(float(curvature)) < 1e-5
    inside = leaving(net, 0.6 * CUTOFF)
    assert min(abs(float(value)) for value in (inside[0] - energy, *inside[1:])) > 1e-5


def test_a_pair_beyond_the_cutoff_counts_for_nothing(net: nn.Module) -> None:
    species, positions = molecule()
    with_more = pairs(positions, 1.3 * CUTOFF)
    assert with_more.shape[1] > pairs(positions).shape[1]
    vectors = positions[with_more[1]] - positions[with_more[0]]
    assert_equal(net(species, with_more, vectors), energies(net, species, positions))


@pytest.mark.parametrize("build", NETS.values(), ids=NETS.keys())
def test_a_gradient_of_energies_and_forces_reaches_every_parameter(build: Build) -> None:
    torch.manual_seed(0)
    net = build(species=3, cutoff=CUTOFF, neighbours=5.0).double()
    species, positions = molecule()
    positions.requires_grad_()
    energy = energies(net, species, positions)
    (gradient,) = torch.autograd.grad(energy.sum(), positions, create_graph=True)
    (energy.square().sum() + gradient.square().sum()).backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert still == []


@pytest.mark.parametrize("build", NETS.values(), ids=NETS.keys())
def test_the_state_is_the_net(build: Build) -> None:
    net, other = (build(species=3, cutoff=CUTOFF, neighbours=5.0).double() for _ in range(2))
    species, positions = molecule()
    assert not torch.equal(energies(net, species, positions), energies(other, species, positions))
    other.load_state_dict(net.state_dict())
    assert torch.equal(energies(net, species, positions), energies(other, species, positions))


@pytest.mark.parametrize("name", ["schnet, small", "egnn, small", "equivariant"])
def test_a_trace_of_energy_and_gradient_fits_other_numbers_of_atoms_and_pairs(name: str) -> None:
    torch.manual_seed(0)
    net = NETS[name](species=3, cutoff=CUTOFF, neighbours=5.0).double()

    def both(species: Tensor, pair_index: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
        vectors = vectors.detach().requires_grad_()
        energy = net(species, pair_index, vectors)
        return energy, *torch.autograd.grad(energy.sum(), vectors, create_graph=True)

    def arguments(atoms: int) -> tuple[Tensor, Tensor, Tensor]:
        species, positions = molecule(atoms)
        pair_index = pairs(positions)
        return species, pair_index, positions[pair_index[1]] - positions[pair_index[0]]

    trace = make_fx(both, tracing_mode="symbolic", _allow_non_fake_inputs=True)(*arguments(9))
    for found, expected in zip(trace(*arguments(6)), both(*arguments(6)), strict=True):
        assert_equal(found, expected)
