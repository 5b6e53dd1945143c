import pytest
import torch

from mlsci.nets.transformer import Transformer


def net_of(**changes: object) -> Transformer:
    torch.manual_seed(0)
    return Transformer(**{"in_shape": (8, 2), "out_features": 8, "width": 16, **changes}).double().eval()


def sample(*shape: int) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("positions", ["rotary", "learned", "none"])
def test_a_causal_output_depends_on_what_came_before_alone(positions: str) -> None:
    net = net_of(causal=True, output="each", positions=positions)
    x = sample(1, 8, 2).requires_grad_()
    net(x)[0, 4, 0].backward()
    assert x.grad is not None
    assert (x.grad[0, :5] != 0).all()
    assert (x.grad[0, 5:] == 0).all()
    torch.testing.assert_close(net(x[:, :5]), net(x)[:, :5], rtol=0, atol=1e-14)


def test_without_causal_every_output_depends_on_all() -> None:
    x = sample(1, 8, 2).requires_grad_()
    net_of(output="each")(x)[0, 4, 0].backward()
    assert x.grad is not None
    assert (x.grad != 0).all()


@pytest.mark.parametrize(("positions", "same"), [("none", True), ("learned", False), ("rotary", False)])
def test_order_matters_if_and_only_if_there_are_positions(positions: str, same: bool) -> None:
    net, x = net_of(positions=positions), sample(4, 8, 2)
    assert torch.allclose(net(x.flip(1)), net(x), rtol=0, atol=1e-13) == same


def test_a_set_may_be_filled_up_with_zeros() -> None:
    net, x = net_of(positions="none", padded=True), sample(4, 5, 2)
    filled = torch.cat((x, torch.zeros(4, 9, 2, dtype=torch.float64)), dim=1)
    torch.testing.assert_close(net(filled), net(x), rtol=0, atol=1e-13)
    assert (net_of(positions="none")(filled) - net_of(positions="none")(x)).abs().max() > 1e-6
    empty = torch.zeros(1, 8, 2, dtype=torch.float64, requires_grad=True)
    net(empty).sum().backward()
    assert empty.grad is not None
    assert empty.grad.isfinite().all()


def test_each_pixel_gets_its_own_values() -> None:
    net = net_of(in_shape=(2, 8, 4), out_features=3 * 8 * 4, patch=2, output="each", positions="learned")
    assert net(sample(5, 2, 8, 4)).shape == (5, 3, 8, 4)
    local = net_of(in_shape=(2, 8, 4), out_features=3 * 8 * 4, patch=2, output="each", layers=0)
    x = sample(1, 2, 8, 4).requires_grad_()
    local(x)[0, 0, 2, 3].backward()  # without attention it sees its patch alone: rows 2 and 3, columns 2 and 3
    assert x.grad is not None
    seen = (x.grad[0] != 0).all(dim=0)
    assert seen.nonzero().tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]


def test_features_may_come_first() -> None:
    net = net_of(output="each")
    turned = net_of(in_shape=(2, 8), output="each", channels_last=False)
    turned.load_state_dict(net.state_dict())
    x = sample(4, 8, 2)
    torch.testing.assert_close(turned(x.movedim(1, 2)), net(x).movedim(1, 2))


def test_parameters_are_those_of_the_blocks() -> None:
    net = net_of(width=16, layers=3, patch=2, positions="learned", out_features=5)
    block = 16 * 48 + 48 + 16 * 16 + 16 + 16 * 64 + 64 + 64 * 16 + 16 + 4 * 16
    embed, places, rest = 2 * 2 * 16 + 16, 4 * 16, 2 * 16 + 16 * 5 + 5
    assert sum(p.numel() for p in net.parameters()) == embed + places + 3 * block + rest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"in_shape": (10,)}, r"Transformer takes sequences .* or pictures .*, got inputs of shape \(10,\)"),
        ({"in_shape": (1, 40)}, r"two steps or more, got inputs of shape \(1, 40\); channels_last=false"),
        ({"positions": "sine"}, "positions must be rotary, learned or none, got 'sine'"),
        ({"padded": True}, "padded=true is for sets.*got positions=rotary, causal=false, output=mean, patch=1"),
        ({"causal": True, "output": "each", "patch": 2}, "patch must be 1.*got 2"),
        ({"output": "each", "out_features": 12}, "all of 8 positions equally many values, got 12 outputs"),
        ({"width": 10}, "multiple of"),
        ({"heads": 0}, "heads"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        net_of(**change)
