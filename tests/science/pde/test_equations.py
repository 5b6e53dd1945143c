"""What every equation promises: hard conditions hold, and Taylor streams agree with nested reverse mode."""

import pytest
import torch
from torch import nn

from mlsci.errors import ConfigError
from mlsci.nets.embedding import Periodic
from mlsci.nets.mlp import MLP
from mlsci.science.collocation.constraint import Hard, Soft
from mlsci.science.collocation.derivative import Nested, Taylor
from mlsci.science.collocation.points import Points, untrained_faces
from mlsci.science.collocation.solution import Solution
from mlsci.science.collocation.system import System
from mlsci.science.pde.base import PDE
from mlsci.science.pde.schrodinger import REAL
from mlsci.science.sampling.uniform import Uniform

EVOLVING = [
    "heat",
    "wave",
    "advection",
    "burgers",
    "allen_cahn",
    "kdv",
    "kuramoto_sivashinsky",
    "kuramoto_sivashinsky_chaotic",
    "schrodinger",
    "oscillator",
    "lotka_volterra",
    "friedmann",
]


def at_random(pde: PDE) -> System:
    """A random net in the equation's ansatz, with points of the equation and of all its conditions, hard ones too."""
    torch.manual_seed(1)
    embedding = Periodic(pde)
    net = MLP(in_features=embedding.features, out_features=pde.outputs, hidden=8, layers=2, activation=nn.Tanh())
    solution = Solution(pde=pde, net=net, embedding=embedding, constraint=Hard()).double()
    coefficients = {name: torch.tensor(0.7, dtype=torch.float64) for name in pde.learned}
    system = System(solution=solution, coefficients=coefficients, derivative=Nested())
    points = Points(solution=solution, constraint=Soft(), sampler=Uniform(points=20))
    system.blocks = points.draw(generator=torch.Generator().manual_seed(0))
    return system


@pytest.fixture
def system(pde: PDE) -> System:
    """A random solution of the equation at hand."""
    return at_random(pde)


def test_hard_conditions_hold_whatever_the_net_says(pde: PDE, system: System) -> None:
    hard = {condition.name for condition in pde.conditions() if condition.hard}
    blocks = {block.name: block for block in system.blocks}
    assert set(blocks) == {"pde", *(condition.name for condition in pde.conditions())}
    for name in hard:
        assert system.residuals(blocks[name]).abs().max() < 1e-12, name
    for name in blocks.keys() - hard:
        assert system.residuals(blocks[name]).abs().max() > 1e-6, name


def test_taylor_streams_agree_with_nested_reverse_mode(system: System) -> None:
    for block in system.blocks:
        nested = system.residuals(block, derivative=Nested()).detach()
        taylor = system.residuals(block, derivative=Taylor()).detach()
        assert (nested - taylor).abs().max() <= 1e-12 * (1 + nested.abs().max()), block.name


def test_conditions_speak_of_every_face(pde: PDE) -> None:
    assert untrained_faces(pde, pde.conditions()) == []


def test_names_of_conditions_are_distinct(pde: PDE) -> None:
    names = [condition.name for condition in pde.conditions()]
    assert len(set(names)) == len(names)


def test_reference_lies_in_the_domain_and_is_no_larger_than_a_grid_of_25600(pde: PDE) -> None:
    reference = pde.reference()
    assert reference.points.shape == (len(reference.values), len(pde.inputs))
    assert reference.values.shape[1] == len(pde.fields)
    assert len(reference.points) <= 25_600
    assert pde.domain().contains(reference.points, slack=1e-12).all()
    assert reference.self_error < 1e-5
    assert torch.isfinite(pde.scored(reference.values)).all()
    assert pde.reference() is reference  # kept in memory


@pytest.mark.parametrize("name", EVOLVING)
def test_reference_fulfils_the_hard_initial_state(name: str, equations: dict[str, PDE]) -> None:
    pde = equations[name]
    reference, names = pde.reference(), list(pde.inputs)
    first = reference.points[:, names.index("t")] == 0
    stated = pde.initial(_Columns(reference.points[first], names))
    for column, value in enumerate(stated if isinstance(stated, tuple) else (stated,)):
        off = reference.values[first, column] - value
        if name == "schrodinger" and column == 0:  # its kink is stated by 128 harmonics: the others are what is left
            assert off.norm() < 1.6e-5 * reference.values[first].norm()
            x = reference.points[first, names.index("x")]
            off = off - (REAL.start(x) - REAL(x, 0 * x, orders=(0, 0)))
        assert off.abs().max() < 1e-12


class _Columns:
    def __init__(self, points: torch.Tensor, names: list[str]):
        self.__dict__.update({name: points[:, k] for k, name in enumerate(names)})


@pytest.mark.parametrize("name", ["wave", "oscillator"])
def test_second_order_in_time_takes_one_window(name: str, equations: dict[str, PDE]) -> None:
    pde = equations[name]
    parts = {"pde": pde, "net": nn.Linear(len(pde.inputs), 1), "embedding": nn.Identity(), "constraint": Hard()}
    assert Solution(**parts, windows=1).windows == 1
    with pytest.raises(ConfigError, match="one window"):
        Solution(**parts, windows=2)


@pytest.mark.parametrize("name", ["allen_cahn", "schrodinger"])
def test_a_kink_of_the_initial_state_is_gone_in_every_window(name: str, equations: dict[str, PDE]) -> None:
    pde = equations[name]
    torch.manual_seed(0)
    embedding = Periodic(pde)
    net = MLP(in_features=embedding.features, out_features=pde.outputs, hidden=8, activation=nn.Tanh())
    solution = Solution(pde=pde, net=net, embedding=embedding, constraint=Hard(), windows=2).double()
    low, high = pde.coordinates["x"]
    before = solution(torch.tensor([[0.3, solution.edges[1]]], dtype=torch.float64))
    solution.advance()
    points = torch.tensor([[low, 0.8], [high, 0.8], [0.3, solution.edges[1]]], dtype=torch.float64).requires_grad_()
    values = solution.at(points, 1)
    (slopes,) = torch.autograd.grad(values[:, 0].sum(), points)
    assert abs(slopes[0, 0] - slopes[1, 0]) < 1e-12
    assert (values[2] - before).abs().max() < 1e-14
