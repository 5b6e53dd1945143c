"""Nets of compositions: order and padding do not matter, statistics by hand, and what is refused."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from mlsci.nets.composition import CompositionNet, encode, statistics

TABLE = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)).tolist()


def net(**options: object) -> CompositionNet:
    torch.manual_seed(0)
    return CompositionNet(in_shape=(4, 2), out_features=3, properties=TABLE, width=16, hidden=8, **options).eval()


@pytest.fixture
def sets() -> Tensor:
    return torch.tensor([[[1, 0.2], [3, 0.5], [5, 0.3], [0, 0]], [[2, 0.4], [4, 0.6], [0, 0], [0, 0]]])


@pytest.mark.parametrize("options", [{}, {"layers": 0}, {"described": False}, {"layers": 1, "heads": 2}])
def test_neither_order_nor_padding_matters(options: dict[str, object], sets: Tensor) -> None:
    model = net(**options)
    expected = model(sets)
    assert expected.shape == (2, 3)
    torch.testing.assert_close(model(sets[:, [3, 2, 0, 1]]), expected)
    torch.testing.assert_close(model(torch.cat([sets, torch.zeros(2, 3, 2)], dim=1)), expected)
    torch.testing.assert_close(model(sets[:1, :3]), expected[:1])


def test_amounts_and_elements_matter(sets: Tensor) -> None:
    model, other = net(), sets.clone()
    other[0, :2, 1] = torch.tensor([0.5, 0.2])
    other[1, 0, 0] = 1
    assert ((model(other) - model(sets)).abs().amax(dim=1) > 1e-4).all()


def test_elements_see_each_other_only_through_blocks(sets: Tensor) -> None:
    changed = sets.clone()
    changed[0, 1, 0] = 4
    for layers, seen in ((0, False), (1, True)):
        model = net(layers=layers, described=False)
        states: list[Tensor] = []
        model.norm.register_forward_hook(lambda module, args, output, kept=states: kept.append(output))
        model(sets)
        model(changed)
        assert torch.equal(states[0][0, 0], states[1][0, 0]) is not seen


def test_an_empty_set_gives_finite_values_and_gradients() -> None:
    model = net()
    model(torch.zeros(2, 4, 2)).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_a_gradient_reaches_every_parameter(sets: Tensor) -> None:
    model = net().train()
    model(sets).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 0] == []


def test_statistics_are_those_of_a_hand_made_table() -> None:
    known = torch.tensor([[[1.0, 4.0], [3.0, -2.0], [9.0, 9.0]]])
    found = statistics(known, torch.tensor([[0.25, 0.75, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[2.5, -0.5, 0.75, 2.25, 1.0, -2.0, 3.0, 4.0]]))
    assert not statistics(known, torch.zeros(1, 3)).any()


def test_the_encoding_of_a_share() -> None:
    found = encode(torch.tensor([[0.5, 0.01, 0.0]]))
    assert found.shape == (1, 3, 13)
    torch.testing.assert_close(found[0, 0, :2], torch.tensor([1.0, 0.0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(found[0, :, -1], torch.tensor([0.5, 0.01, 1e-4]).log10())


def test_the_table_travels_with_the_weights_and_the_net_exports(sets: Tensor, tmp_path: Path) -> None:
    model = net()
    assert torch.equal(model.state_dict()["properties"], torch.tensor(TABLE))
    batch = {0: torch.export.Dim("batch", min=1)}
    program = torch.export.export(model, (sets,), dynamic_shapes=(batch,))
    torch.testing.assert_close(program.module()(sets[:1]), model(sets[:1]))


@pytest.mark.parametrize("shape", [(4, 3), (2,), (1, 4, 2)])
def test_what_is_no_set_of_number_and_share_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="takes sets"):
        CompositionNet(in_shape=shape, out_features=1, properties=TABLE)


def test_a_table_without_columns_is_refused() -> None:
    with pytest.raises(ValueError, match=r"properties must be rows of one length, got \(2, 0\)"):
        CompositionNet(in_shape=(4, 2), out_features=1, properties=[[], []])
