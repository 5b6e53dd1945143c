"""Backpropagation beside central differences: right gradients agree, wrong ones do not."""

import pytest
import torch
from torch import nn

from mlsci import config
from mlsci.errors import ConfigError, MlsciError
from mlsci.gradients import check_gradients, gradients_of
from mlsci.models.gradient_check import gradient_error


class WrongSquare(torch.autograd.Function):
    """x², whose backward is off by a thousandth."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    def backward(ctx, grad):
        return 2.002 * ctx.saved_tensors[0] * grad


def test_a_right_gradient_agrees_and_leaves_the_parameters_alone() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)).double().train()
    x, before = torch.randn(16, 3, dtype=torch.float64), [p.detach().clone() for p in net.parameters()]
    found = gradient_error(lambda: net(x).square().mean(), net.named_parameters())
    assert found.largest < 1e-7
    assert set(found.by_name) == {"0.weight", "0.bias", "3.weight", "3.bias"}
    assert all(torch.equal(p, kept) for p, kept in zip(net.parameters(), before, strict=True))


def test_a_parameter_of_another_memory_format_is_changed_in_place() -> None:
    weight = torch.randn(3, 2, 4, 4, dtype=torch.float64).to(memory_format=torch.channels_last).requires_grad_()
    before = weight.detach().clone()
    assert gradient_error(lambda: weight.pow(3).sum(), [("weight", weight)]).largest < 1e-7
    assert torch.equal(weight, before)


def test_a_gradient_that_is_off_by_a_thousandth_is_seen() -> None:
    weight = torch.randn(5, dtype=torch.float64, requires_grad=True)
    found = gradient_error(lambda: WrongSquare.apply(weight).sum(), [("weight", weight)])
    assert found.by_name["weight"] == pytest.approx(1e-3, rel=1e-3)
    assert found.along == pytest.approx(1e-3, rel=1e-3)


def test_a_forgotten_parameter_is_seen() -> None:
    a = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    found = gradient_error(lambda: (a * a + b.detach() * a).sum(), [("a", a), ("b", b)])
    assert found.by_name["a"] < 1e-8
    assert found.by_name["b"] > 0.9


def test_float32_is_refused() -> None:
    with pytest.raises(ValueError, match="expected float64"):
        gradient_error(lambda: torch.zeros(()), [("a", torch.ones(2, requires_grad=True))])


SMALL = {
    "linear": [],
    "mlp": ["net.hidden=8"],
    "cnn": ["net.channels=[4]", "net.hidden=8"],
    "resnet": ["net.width=4", "net.blocks=1", "net.stages=2"],
    "modified_mlp": ["net.hidden=8"],
    "pirate": ["net.hidden=8"],
    "siren": ["net.hidden=8"],
    "kan": ["net.hidden=4"],
}


@pytest.mark.parametrize("net", SMALL)
def test_every_net_for_pictures_and_tables_has_the_right_gradient(net: str) -> None:
    data = (
        "digits" if net in {"linear", "mlp", "cnn", "resnet"} else "diabetes"
    )  # those of coordinates take flat inputs
    composed = config.explain([f"data={data}", f"net={net}", *SMALL[net]])
    assert gradients_of(config.plain(composed.config), composed.choices).largest < 1e-6


GRAPHS = {
    "schnet": ["net.hidden=4", "net.layers=2", "net.basis=4"],
    "egnn": ["net.hidden=4", "net.layers=2", "net.basis=4"],
    "equivariant": ["net.channels=2", "net.radial=[4]", "net.layers=1", "net.order=2"],
}


@pytest.mark.parametrize("net", GRAPHS)
def test_every_net_for_atoms_has_the_right_gradient_of_energies_and_forces(
    net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlsci.gradients.SAMPLES", 1)
    composed = config.explain(["experiment=atoms/ethanol", f"net={net}", *GRAPHS[net]])
    assert gradients_of(config.plain(composed.config), composed.choices).largest < 1e-6


def test_a_physics_informed_loss_has_the_right_gradient() -> None:
    composed = config.explain(["experiment=pinn/poisson2d", "net.hidden=8", "net.layers=2"])
    lines = check_gradients(config.plain(composed.config), composed.choices)
    assert lines[-1].startswith("all, along random directions")


def test_what_takes_no_gradient_steps_is_refused() -> None:
    composed = config.explain(["data=diabetes", "model=ridge"])
    with pytest.raises(ConfigError, match="model=ridge: is fitted at once"):
        check_gradients(config.plain(composed.config), composed.choices)


def test_a_wrong_gradient_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlsci.gradients.LARGEST", 1e-20)
    composed = config.explain(["data=diabetes", "net=linear"])
    with pytest.raises(MlsciError, match=r"gradients: relative error .*, expected less than 1e-20\nnet"):
        check_gradients(config.plain(composed.config), composed.choices)
