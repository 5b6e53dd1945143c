import pytest
import torch
from torch import Tensor

from mlsci.nets.egnn import EGNN, EGNNPotential, Gentle, Layer, every_pair

CLOUDS = torch.tensor([0] * 5 + [1] * 4)


def net(**options: float) -> EGNN:
    torch.manual_seed(0)
    built = EGNN(in_features=2, out_features=3, hidden=8, layers=2, neighbours=4.0, **options).double()
    for layer in built.layers:
        layer.move[-1].weight.data *= 1000  # so that points move far enough to be seen
    return built


def points() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(9, size, generator=generator, dtype=torch.float64) for size in (2, 3))


@pytest.mark.parametrize("options", [{}, {"cutoff": 2.0}], ids=["all pairs", "cutoff"])
def test_positions_turn_and_move_with_the_input_and_features_do_not(options: dict[str, float]) -> None:
    model, (features, positions) = net(**options), points()
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).Q
    away = torch.tensor([3.0, -1.0, 2.0], dtype=torch.float64)
    pair_index = every_pair(CLOUDS)
    for matrix in (turn, -turn):
        h, x = model(features, positions, pair_index)
        h_turned, x_turned = model(features, positions @ matrix.T + away, pair_index)
        torch.testing.assert_close(h_turned, h, rtol=0, atol=1e-10)
        torch.testing.assert_close(x_turned, x @ matrix.T + away, rtol=0, atol=1e-10)
    assert h.shape == (9, 3)
    assert (x - positions).norm(dim=1).max() > 1e-3


def test_points_and_pairs_come_in_any_order() -> None:
    model, (features, positions) = net(), points()
    h, x = model(features, positions, every_pair(CLOUDS))
    order = torch.randperm(9, generator=torch.Generator().manual_seed(2))
    h_mixed, x_mixed = model(features[order], positions[order], every_pair(CLOUDS[order]).flip(0))
    torch.testing.assert_close(h_mixed, h[order])
    torch.testing.assert_close(x_mixed, x[order])


def test_clouds_do_not_see_each_other() -> None:
    model, (features, positions) = net(), points()
    both = model(features, positions, every_pair(CLOUDS))
    alone = model(features[5:], positions[5:], every_pair(CLOUDS[5:]))
    for found, expected in zip(both, alone, strict=True):
        torch.testing.assert_close(found[5:], expected)


def test_every_pair_of_a_cloud_stands_once() -> None:
    found = {frozenset(pair) for pair in every_pair(torch.tensor([0, 0, 0, 1, 1])).T.tolist()}
    assert found == {frozenset(pair) for pair in [(0, 1), (0, 2), (1, 2), (3, 4)]}


def test_a_pair_beyond_the_cutoff_counts_for_nothing() -> None:
    model, (features, positions) = net(cutoff=2.0), points()
    pair_index = every_pair(CLOUDS)
    near = (positions[pair_index[1]] - positions[pair_index[0]]).norm(dim=1) < 2.0
    assert not near.all()
    for found, expected in zip(
        model(features, positions, pair_index), model(features, positions, pair_index[:, near]), strict=True
    ):
        torch.testing.assert_close(found, expected)


def test_a_layer_is_its_equations() -> None:
    torch.manual_seed(0)
    layer = Layer(4, pair_features=2, neighbours=2.0).double()
    h, extra = torch.randn(2, 4, dtype=torch.float64), torch.randn(1, 2, dtype=torch.float64)
    vector, fade = torch.randn(1, 3, dtype=torch.float64), torch.tensor([[0.4]], dtype=torch.float64)
    features, step = layer(h, vector, torch.tensor([[0], [1]]), fade=fade, pair_features=extra)
    for i, j, sign in ((0, 1, 1.0), (1, 0, -1.0)):
        about = torch.cat([vector.square().sum(1), extra[0]])
        m = 0.4 * layer.message(layer.receiver(h[i]) + layer.sender(h[j]) + layer.pair(about))
        torch.testing.assert_close(features[i], h[i] + layer.feature(torch.cat([h[i], m / 2.0])))
        torch.testing.assert_close(step[i], -sign * vector[0] * 0.4 * layer.move(m) / 2.0)


def test_a_gradient_reaches_every_parameter() -> None:
    model, (features, positions) = net(), points()
    h, x = model(features, positions, every_pair(CLOUDS))
    (h.square().sum() + x.square().sum()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 0] == []


def test_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="layers >= 1, got 0"):
        EGNN(in_features=1, out_features=1, layers=0)
    with pytest.raises(ValueError, match="layers >= 1, got 0"):
        EGNNPotential(species=1, cutoff=3.0, neighbours=1.0, layers=0)


def test_moves_start_gently_also_when_drawn_anew() -> None:
    last = Layer(16).move[-1]
    assert isinstance(last, Gentle)
    before = last.weight.clone()
    last.reset_parameters()
    assert 1e-5 < last.weight.detach().abs().max() < 1e-3
    assert not torch.equal(last.weight, before)
