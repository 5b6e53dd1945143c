"""Sizes of CUDA graphs and what fills them up; on a GPU, that graphs give what the net itself does."""

import pytest
import torch

from mlsci.models.captured_energy import filled, room
from mlsci.models.compiled_energy import Kernel, with_gradient
from mlsci.nets.egnn import EGNNPotential
from mlsci.nets.equivariant.net import Equivariant
from mlsci.nets.schnet import SchNet

CUTOFF = 3.0
NETS = {
    "equivariant": lambda: Equivariant(
        species=3, cutoff=CUTOFF, neighbours=6.0, channels=4, l_max=1, order=2, radial=(8,)
    ),
    "schnet": lambda: SchNet(species=3, cutoff=CUTOFF, neighbours=6.0, hidden=8, layers=2, basis=6),
    "egnn": lambda: EGNNPotential(species=3, cutoff=CUTOFF, neighbours=6.0, hidden=8, layers=2, basis=4),
}
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs want a GPU")


def net(name: str, device: str = "cpu") -> torch.nn.Module:
    torch.manual_seed(0)
    return NETS[name]().double().to(device)


def inputs(atoms: int, device: str = "cpu", *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    positions = torch.rand(atoms, 3, generator=draw, dtype=torch.float64) * 4
    pair_index = torch.combinations(torch.arange(atoms)).T
    vectors = positions[pair_index[1]] - positions[pair_index[0]]
    near = vectors.norm(dim=1) < CUTOFF
    species = torch.randint(0, 3, (atoms,), generator=draw)
    return species.to(device), pair_index[:, near].to(device), vectors[near].to(device)


def kernel(model: torch.nn.Module, **changes) -> Kernel:
    return Kernel(torch.nn.ModuleList([model]), **{"compile": "auto", "steps": 100, "cutoff": CUTOFF, **changes})


def slopes(model: torch.nn.Module, energies: torch.Tensor, gradient: torch.Tensor) -> list[torch.Tensor]:
    loss = energies.square().sum() + gradient.square().sum()
    found = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    return [torch.zeros(1, device=energies.device) if one is None else one for one in found]


def same(one: list[torch.Tensor], two: list[torch.Tensor]) -> None:
    for a, b in zip(one, two, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_a_size_holds_what_it_is_for_and_little_more():
    counts = range(1, 5000)
    assert all(count <= room(count) <= max(8, 9 / 8 * count) for count in counts)
    assert len({room(count) for count in counts}) < 90
    assert all(room(room(count)) == room(count) for count in counts)


@pytest.mark.parametrize("name", NETS)
def test_what_fills_up_changes_nothing(name):
    model, given = net(name), inputs(7)
    more = filled(*given, atoms=10, pairs=40, cutoff=CUTOFF)
    assert [len(more[0]), more[1].shape[1], len(more[2])] == [10, 40, 40]
    energies, gradient = with_gradient(lambda v: model(*given[:2], v), given[2], graph=True)
    padded = with_gradient(lambda v: model(*more[:2], v)[:7], more[2], graph=True)
    same([energies, gradient], [padded[0], padded[1][: len(gradient)]])
    assert padded[1][len(gradient) :].abs().max() == 0
    same(slopes(model, energies, gradient), slopes(model, *padded))


@on_gpu
@pytest.mark.parametrize("name", NETS)
def test_a_graph_gives_what_the_net_does(name):
    model = net(name, "cuda")
    captured = kernel(model)
    for size, seed in [(7, 0), (7, 1), (6, 2), (12, 3), (7, 0)]:
        given = inputs(size, "cuda", seed=seed)
        found = next(captured(*given, graph=True))
        right = with_gradient(lambda v, g=given: model(*g[:2], v), given[2], graph=True)
        same(list(found), list(right))
        same(slopes(model, *found), slopes(model, *right))
        with torch.no_grad():
            for weight in model.parameters():
                weight.mul_(1.1)
    assert len(captured.captured._recorded) <= 4


@on_gpu
def test_answers_are_captured_where_many_are_wanted():
    model, given = net("equivariant", "cuda"), inputs(7, "cuda")
    captured = kernel(model)
    first = next(captured(*given, graph=False))
    assert not captured.captured._recorded
    captured.fast = True
    second = next(captured(*given, graph=False))
    same(list(first), list(second))
    third = next(captured(*given[:2], 0.9 * given[2], graph=False))
    assert not torch.allclose(second[0], third[0])
    same(list(first), list(second))  # not written over
    assert len(captured.captured._recorded) == 1


@on_gpu
def test_gradients_of_two_batches_add_up():
    model = net("equivariant", "cuda")
    captured, first, second = kernel(model), inputs(7, "cuda"), inputs(7, "cuda", seed=1)
    total = [torch.zeros_like(weight) for weight in model.parameters()]
    for given in (first, second):
        found = next(captured(*given, graph=True))
        (found[0].square().sum() + found[1].square().sum()).backward()
        right = with_gradient(lambda v, g=given: model(*g[:2], v), given[2], graph=True)
        total = [a + b for a, b in zip(total, slopes(model, *right), strict=True)]
    same([weight.grad for weight in model.parameters()], total)


@on_gpu
def test_an_older_loss_is_refused():
    model = net("equivariant", "cuda")
    captured = kernel(model)
    older = next(captured(*inputs(7, "cuda"), graph=True))
    next(captured(*inputs(7, "cuda", seed=1), graph=True))
    with pytest.raises(RuntimeError, match="before the next one"):
        older[0].sum().backward()


@on_gpu
def test_a_net_that_no_graph_can_hold_goes_on_without():
    class Asks(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones((), dtype=torch.float64))

        def forward(self, species, pair_index, vectors):
            scale = 1.0 if vectors.sum().item() > -1e9 else 2.0  # waits for the GPU
            sizes = vectors.square().sum(1) * self.weight * scale
            return torch.zeros(len(species), dtype=sizes.dtype, device=sizes.device).index_add(0, pair_index[0], sizes)

    model = Asks().cuda()
    captured, given = kernel(model), inputs(7, "cuda")
    with pytest.warns(UserWarning, match="Asks goes on without CUDA graphs"):
        found = next(captured(*given, graph=True))
    torch.testing.assert_close(found[1], 2 * given[2])
    (slope,) = torch.autograd.grad(found[1].sum(), model.weight)
    torch.testing.assert_close(slope, 2 * given[2].sum())
    torch.testing.assert_close(next(captured(*given, graph=True))[1], 2 * given[2])
