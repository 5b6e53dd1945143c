import pytest
import torch
from torch import Tensor

from mlsci.nets.rnn import RNN


def unrolled(kind: str, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """States (B, T, hidden) of one layer, step by step as the papers write the cells."""
    w, u = weights["weight_ih_l0"], weights["weight_hh_l0"]
    b, c = weights["bias_ih_l0"], weights["bias_hh_l0"]
    h = memory = torch.zeros(len(x), u.shape[1], dtype=x.dtype)
    states = []
    for step in x.unbind(1):
        seen, kept = step @ w.T + b, h @ u.T + c
        if kind == "rnn":
            h = torch.tanh(seen + kept)
        elif kind == "lstm":
            enter, forget, new, leave = (seen + kept).chunk(4, dim=1)
            memory = torch.sigmoid(forget) * memory + torch.sigmoid(enter) * torch.tanh(new)
            h = torch.sigmoid(leave) * torch.tanh(memory)
        else:
            (r, z, n), (s, y, m) = seen.chunk(3, dim=1), kept.chunk(3, dim=1)
            new = torch.tanh(n + torch.sigmoid(r + s) * m)
            stay = torch.sigmoid(z + y)
            h = stay * h + (1 - stay) * new
        states.append(h)
    return torch.stack(states, dim=1)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("output", ["last", "mean", "each"])
def test_a_net_is_its_cell_unrolled_and_an_affine_map(kind: str, output: str) -> None:
    torch.manual_seed(0)
    net = RNN(in_shape=(7, 2), out_features=14, kind=kind, hidden=5, output=output).double()
    x = torch.randn(3, 7, 2, dtype=torch.float64)
    h = unrolled(kind, x, dict(net.cells.named_parameters()))
    h = {"last": h[:, -1], "mean": h.mean(1), "each": h}[output]
    expected = h @ net.readout.affine.weight.T + net.readout.affine.bias
    assert expected.shape == ((3, 7, 2) if output == "each" else (3, 14))
    torch.testing.assert_close(net(x), expected, rtol=0, atol=1e-14)


def test_each_output_depends_on_what_came_before_alone() -> None:
    torch.manual_seed(0)
    net = RNN(in_shape=(8, 2), out_features=8, layers=2, output="each").double()
    x = torch.randn(1, 8, 2, dtype=torch.float64, requires_grad=True)
    net(x)[0, 4, 0].backward()
    assert x.grad is not None
    assert (x.grad[0, :5] != 0).all()
    assert (x.grad[0, 5:] == 0).all()


@pytest.mark.parametrize(("kind", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_parameters_are_those_of_the_gates(kind: str, gates: int) -> None:
    net = RNN(in_shape=(8, 3), out_features=2, kind=kind, hidden=5, layers=2)
    layers = gates * 5 * (3 + 5 + 2) + gates * 5 * (5 + 5 + 2)
    assert sum(p.numel() for p in net.parameters()) == layers + 5 * 2 + 2


def test_sequences_of_any_length_pass_and_features_may_come_first() -> None:
    torch.manual_seed(0)
    net = RNN(in_shape=(8, 3), out_features=16, output="each", kind="gru")
    turned = RNN(in_shape=(3, 8), out_features=16, output="each", kind="gru", channels_last=False)
    turned.load_state_dict(net.state_dict())
    x = torch.randn(2, 5, 3)
    assert net(x).shape == (2, 5, 2)
    torch.testing.assert_close(turned(x.movedim(1, 2)), net(x).movedim(1, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"in_shape": (10,)}, r"RNN takes sequences \(length, features\), got inputs of shape \(10,\)"),
        ({"in_shape": (1, 8, 8)}, r"RNN takes sequences \(length, features\), got inputs of shape \(1, 8, 8\)"),
        ({"in_shape": (1, 40)}, r"two steps or more, got inputs of shape \(1, 40\); channels_last=false takes"),
        ({"kind": "grru"}, "kind must be one of rnn, lstm, gru, got 'grru'"),
        ({"output": "first"}, "output must be last, mean or each, got 'first'"),
        ({"output": "each"}, "all of 8 positions equally many values, got 3 outputs"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RNN(**{"in_shape": (8, 2), "out_features": 3, **change})
