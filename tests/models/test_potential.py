"""A potential with the real net: exact gradients and symmetries in float64, ensembles, the traced step, its losses."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mlsci import checkpoint
from mlsci.callbacks.budget import CPUBudget
from mlsci.callbacks.finetune import FineTune
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, MlsciError
from mlsci.metrics.potential import PropertyError
from mlsci.models.compiled_energy import traced, with_gradient
from mlsci.models.potential import Potential
from mlsci.models.potential_loss import PotentialLoss, Ramp
from mlsci.nets.equivariant.net import Equivariant
from mlsci.science.atoms.graph import batch
from mlsci.science.atoms.properties import Labels
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.zbl import ZBL

CUTOFF = 3.0


SMALL = {"channels": 2, "l_max": 1, "order": 2, "radial": (4,)}  # to be traced: the time goes with the operations


def potential(*, sizes: dict | None = None, **changes) -> Potential:
    torch.manual_seed(0)
    net = Equivariant(species=3, cutoff=CUTOFF, neighbours=6.0, **{"channels": 8, "radial": (16,)} | (sizes or {}))
    values = {
        "net": net,
        "elements": [1, 6, 8],
        "energies": [-13.6, -1027.0, -2037.0],
        "shift": -5.0,
        "scale": 1.3,
        "cutoff": CUTOFF,
        "criterion": PotentialLoss(),
        "dtype": "float64",
        "compile": False,
    }
    return Potential(**{**values, **changes}).eval()


def molecule(seed: int = 0, *, atoms: int = 7, cell: float | None = None) -> Structure:
    draw = np.random.default_rng(seed)
    corners = np.array(np.meshgrid(*[np.arange(2.0)] * 3)).reshape(3, -1).T[:atoms] * 1.3
    return Structure(
        numbers=draw.choice([1, 6, 8], atoms),
        positions=corners + draw.uniform(-0.2, 0.2, (atoms, 3)),
        cell=np.zeros((3, 3)) if cell is None else np.diag([cell, 1.1 * cell, 0.9 * cell]) + 0.1,
        periodic=(cell is not None,) * 3,
        energy=-5000.0,
        forces=draw.normal(size=(atoms, 3)),
    )


def energy(model: Potential, structure: Structure) -> float:
    return float(model.properties(batch([structure], CUTOFF)).energy)


def moved(structure: Structure, positions: np.ndarray, cell: np.ndarray | None = None) -> Structure:
    return Structure(structure.numbers, positions, structure.cell if cell is None else cell, structure.periodic)


@pytest.mark.parametrize("core", [None, ZBL()], ids=["net", "net and core"])
@pytest.mark.parametrize("cell", [None, 4.0], ids=["molecule", "crystal"])
def test_forces_are_minus_the_slope_of_the_energy(core, cell):
    model, structure, step = potential(core=core), molecule(cell=cell), 1e-4
    forces = model.properties(batch([structure], CUTOFF)).forces.numpy()
    assert np.abs(forces.sum(axis=0)).max() < 1e-10
    for atom, axis in [(0, 0), (3, 1), (6, 2)]:
        shift = np.zeros((len(structure), 3))
        shift[atom, axis] = step
        up, down = (energy(model, moved(structure, structure.positions + sign * shift)) for sign in (1, -1))
        assert forces[atom, axis] == pytest.approx(-(up - down) / (2 * step), abs=2e-5)


def test_stress_is_the_slope_of_the_energy_by_strain():
    model, structure, step = potential(), molecule(cell=4.0), 1e-5
    found = model.properties(batch([structure], CUTOFF), stress=True).stress[0].numpy()
    volume = abs(np.linalg.det(structure.cell))
    for a, b in [(0, 0), (1, 2), (2, 2)]:
        strain = np.zeros((3, 3))
        strain[a, b] += step / 2
        strain[b, a] += step / 2
        energies = []
        for sign in (1, -1):
            turn = np.eye(3) + sign * strain
            energies.append(energy(model, moved(structure, structure.positions @ turn, structure.cell @ turn)))
        assert found[a, b] == pytest.approx((energies[0] - energies[1]) / (2 * step * volume), abs=1e-5)
    assert np.allclose(found, found.T, atol=1e-14)


def test_a_molecule_has_no_stress():
    assert torch.isnan(potential().properties(batch([molecule()], CUTOFF), stress=True).stress).all()


def test_energies_begin_at_free_atoms():
    model = potential()
    alone = Structure(np.array([6]), np.zeros((1, 3)), np.zeros((3, 3)), (False,) * 3)
    node = model.nets[0](torch.tensor([1]), torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0, 3).double())
    assert energy(model, alone) == pytest.approx(-1027.0 - 5.0 + 1.3 * float(node.detach()))


def test_structures_of_a_batch_do_not_see_each_other():
    model, parts = potential(), [molecule(0), molecule(1, atoms=5), molecule(2, cell=4.0)]
    together = model.properties(batch(parts, CUTOFF))
    apart = [model.properties(batch([part], CUTOFF)) for part in parts]
    assert torch.allclose(together.energy, torch.cat([one.energy for one in apart]), atol=1e-10, rtol=0)
    assert torch.allclose(together.forces, torch.cat([one.forces for one in apart]), atol=1e-10, rtol=0)


def test_an_unknown_element_is_named():
    stranger = Structure(np.array([1, 79]), np.eye(2, 3), np.zeros((3, 3)), (False,) * 3)
    with pytest.raises(MlsciError, match="Au not among those that the potential knows: H, C, O"):
        potential().properties(batch([stranger], CUTOFF))


def test_the_traced_step_gives_the_same_loss_and_gradients():
    model, data = potential(sizes=SMALL), batch([molecule(0), molecule(1, atoms=5)], CUTOFF)
    net = model.nets[0]
    inputs = (model.species(data.z), data.pair_index, data.pos[data.pair_index[1]] - data.pos[data.pair_index[0]])
    graph = traced(net, *inputs)
    other = batch([molecule(4, atoms=6)], CUTOFF)  # of another size than it was traced with
    again = (model.species(other.z), other.pair_index, other.pos[other.pair_index[1]] - other.pos[other.pair_index[0]])
    for arguments in (inputs, again):
        weights = list(net.parameters())
        found = [
            graph(weights, *arguments),
            with_gradient(lambda v, a=arguments: net(*a[:2], v), arguments[2], graph=True),
        ]
        slopes = []
        for energies, gradient in found:
            loss = energies.square().sum() + gradient.square().sum()
            slopes.append(torch.autograd.grad(loss, weights, allow_unused=True))
        assert torch.allclose(found[0][1], found[1][1], atol=1e-12)
        for one, two in zip(*slopes, strict=True):
            assert torch.allclose(one, two, atol=1e-9)


def test_members_of_an_ensemble_differ_and_their_mean_is_the_answer():
    model, data = potential(members=3), batch([molecule()], CUTOFF)
    found = model.properties(data)
    parts = model._members(data, stress=False, graph=False)
    assert torch.allclose(found.forces, torch.stack([part.forces for part in parts]).mean(0))
    spread = torch.stack([part.forces for part in parts]).std(dim=0).norm(dim=1)
    assert torch.allclose(found.force_std, spread.detach())
    assert float(spread.min().detach()) > 1e-3
    assert potential().properties(data).force_std is None


def test_an_ensemble_needs_nets_that_can_be_drawn_anew():
    class Fixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

    with pytest.raises(ConfigError, match="Fixed has weights and no reset_parameters"):
        potential(net=Fixed(), members=2)


def test_the_loss_falls_on_made_up_frames():
    model = potential(dtype="float32", criterion=PotentialLoss(energy=0.0)).train()
    data = batch([molecule(seed) for seed in range(2)], CUTOFF)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss, _ = model.loss(data)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_labels_that_are_not_known_are_left_out():
    model = potential()
    known, unknown = molecule(0), Structure(*vars(molecule(1)).values())
    bare = Structure(unknown.numbers, unknown.positions, unknown.cell, unknown.periodic)
    both, one = batch([known, bare], CUTOFF), batch([known], CUTOFF)
    loss = PotentialLoss(energy=2.0, forces=3.0)
    assert float(loss(model.properties(both), both, 1.0)[0]) == pytest.approx(
        float(loss(model.properties(one), one, 1.0)[0])
    )
    metric = PropertyError(of="forces")
    metric.update(model.properties(both), Labels(both))
    expected = (model.properties(one).forces - one.forces).square().mean().sqrt()
    assert float(metric.compute()) == pytest.approx(1000 * float(expected))


def test_a_ramp_grows_by_equal_factors():
    ramp = Ramp(1.0, 100.0, begin=0.5, finish=0.7)
    assert [ramp.at(p) for p in (0.0, 0.5, 0.6, 0.7, 1.0)] == pytest.approx([1, 1, 10, 100, 100])
    with pytest.raises(ConfigError, match="begin <= finish"):
        Ramp(1.0, 2.0, begin=0.8, finish=0.2)


def test_huber_is_linear_beyond_its_width():
    loss = PotentialLoss(huber=0.1)
    values = torch.tensor([0.05, 0.1, 0.3], dtype=torch.float64)
    assert float(loss._mean(values)) == pytest.approx((0.05**2 + 0.1**2 + 0.1 * (0.6 - 0.1)) / 3)


def test_the_core_is_steep_inside_and_nothing_outside():
    core, z = ZBL(), torch.tensor([6, 6, 6])
    vectors = torch.tensor([[0.1, 0, 0], [0.5, 0, 0], [1.6, 0, 0]], dtype=torch.float64)
    near, middle, far = core(z, z, vectors).tolist()
    assert near > 10 * middle > 0
    assert far == 0
    bare = 14.399645 * 36 / 1e-4
    close = core(z[:1], z[:1], torch.tensor([[1e-4, 0, 0]], dtype=torch.float64))
    assert float(close) == pytest.approx(bare, rel=2e-3)


def test_a_new_precision_is_traced_anew(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda graph, **how: graph)
    model = potential(sizes=SMALL, dtype="float32")
    model.compile_answers()
    for dtype in ("float32", "float64"):
        model.compute_in(dtype)
        found = model.properties(batch([molecule()], CUTOFF)).forces
    assert model.dtype_of_net == torch.float64
    never_traced, double = potential(sizes=SMALL, dtype="float32"), potential(sizes=SMALL, dtype="float64")
    never_traced.compute_in("float64")
    right, drawn_in_double = (one.properties(batch([molecule()], CUTOFF)).forces for one in (never_traced, double))
    torch.testing.assert_close(found, right, rtol=0, atol=1e-12)
    torch.testing.assert_close(found, drawn_in_double)


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        (PropertyError(of="energy"), "meV"),
        (PropertyError(of="energy", per_atom=True, scale=1.0), "eV/atom"),
        (PropertyError(of="forces"), "meV/Å"),
        (PropertyError(of="stress", scale=160.2), ""),
    ],
)
def test_an_error_knows_its_unit(metric, unit):
    assert metric.unit == unit


NET = {"_target_": "mlsci.nets.equivariant.net.Equivariant", "species": 3, "channels": 8, "neighbours": 6.0}


def tune(monkeypatch, model, *, source=None, **net) -> None:
    """Start `model` from `source`, which was made with the net of this file but for `net`."""
    description = {"spec": DataSpec(inputs=(3,), targets=(1,)), "versions": {}, "git": None, "seed": 0, "run_id": "a"}
    blocks = [
        checkpoint.block(
            checkpoint.Description(config={"model": {"net": {**NET, **changes}}}, choices={}, **description)
        )
        for changes in (net, {})
    ]
    model.block = blocks[1]
    monkeypatch.setattr(checkpoint, "read", lambda path: {"mlsci": blocks[0]})
    monkeypatch.setattr(checkpoint, "model", lambda payload: source or potential())
    FineTune(checkpoint="other.ckpt").on_fit_start(SimpleNamespace(global_step=0), model)


def test_fine_tuning_takes_weights_and_scale_but_not_the_energies_of_free_atoms(monkeypatch):
    source, model = potential(scale=2.0, members=2), potential(energies=[-1.0, -2.0, -3.0], members=2)
    with torch.no_grad():
        for weight in source.parameters():
            weight += 0.1
    tune(monkeypatch, model, source=source)
    for ours, theirs in zip(model.nets.parameters(), source.nets.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert float(model.scale) == 2.0
    assert model.energies.tolist() == [-6.0, -7.0, -8.0]


def test_fine_tuning_refuses_what_the_weights_were_not_trained_for(monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match=r"has model.members=1, expected at least model.members=3"):
        tune(monkeypatch, potential(members=3))
    with pytest.raises(ConfigError, match=r"other.ckpt knows H, C, O; the training frames hold H, C, N"):
        tune(monkeypatch, potential(elements=[1, 6, 7]))
    with pytest.raises(ConfigError, match=r"a cutoff of 4 Å, expected that of the data, 3 Å; take data.cutoff=4"):
        tune(monkeypatch, potential(), source=potential(cutoff=4.0))
    with pytest.raises(ConfigError, match=r"another net; train with net.channels=16 net.neighbours=12.5$"):
        tune(monkeypatch, potential(), channels=16, neighbours=12.5)
    with pytest.raises(ConfigError, match=r"holds a mlsci.nets.schnet.SchNet, expected a mlsci.nets.equivariant"):
        tune(monkeypatch, potential(), _target_="mlsci.nets.schnet.SchNet")
    monkeypatch.undo()
    start = FineTune(checkpoint=str(tmp_path / "no.ckpt")).on_fit_start
    with pytest.raises(ConfigError, match=r"callbacks.finetune.checkpoint: .*no.ckpt: no such checkpoint"):
        start(SimpleNamespace(global_step=0), potential())


def test_a_budget_brings_the_rate_down_and_ends_the_training(monkeypatch):
    clock = iter([0.0, 20.0, 40.0, 60.0, 80.0, 101.0])
    monkeypatch.setattr("mlsci.callbacks.budget._cpu", lambda: next(clock))
    model, trainer = potential(), SimpleNamespace(should_stop=False)
    model.pace.optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    budget, rates = CPUBudget(seconds=100.0, constant=0.25), []
    budget.on_train_start(trainer, model)
    for _ in range(5):  # the first step compiles: 20 of the 100 seconds
        model.after_step[0]()
        rates.append(model.pace.lr)
    assert rates[:4] == pytest.approx([1, 1, 2 / 3, 1 / 3])
    assert rates[4] < 1e-5
    assert trainer.should_stop
    assert model.pace.exhausted
